import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { fastify } from "fastify";
import { describe, expect, test } from "vitest";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { openFile, parseRange, sendRange } from "./file-range.ts";

describe("a Range field of 10 bytes", () => {
  test.each<[string | undefined, ReturnType<typeof parseRange>]>([
    [undefined, "whole"],
    ["bytes=0-0", { first: 0, last: 0 }],
    ["bytes=2-5", { first: 2, last: 5 }],
    ["bytes=2-", { first: 2, last: 9 }],
    ["bytes=2-99", { first: 2, last: 9 }],
    ["bytes=-3", { first: 7, last: 9 }],
    ["bytes=-99", { first: 0, last: 9 }],
    ["bytes=9-99999999999999999999999", { first: 9, last: 9 }],
    ["bytes=10-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=5-2", "whole"],
    ["bytes=0-1,3-4", "whole"],
    ["bytes=-", "whole"],
    ["lines=1-2", "whole"],
    ["bytes=a-b", "whole"],
  ])("%s is %j", (field, range) => {
    expect(parseRange(field, 10)).toEqual(range);
  });

  test("never names a byte that is not there", () => {
    fc.assert(
      fc.property(fc.nat(20), fc.option(fc.nat(30)), fc.option(fc.nat(30)), (sizeBytes, from, to) => {
        const range = parseRange(`bytes=${from ?? ""}-${to ?? ""}`, sizeBytes);
        if (typeof range === "string") return;
        expect(range.first).toBeGreaterThanOrEqual(0);
        expect(range.last).toBeGreaterThanOrEqual(range.first);
        expect(range.last).toBeLessThan(sizeBytes);
      }),
    );
  });
});

async function serve(content: string) {
  const directory = temporaryDirectory();
  const path = join(directory.path, "a.wav");
  await writeFile(path, content);
  const server = fastify();
  const closed: string[] = [];
  server.get("/a", async (request, reply) => {
    const source = await openFile(path);
    const watched = {
      ...source,
      read: (range: Parameters<typeof source.read>[0]) => source.read(range).on("close", () => closed.push("read")),
      close: () => source.close().then(() => void closed.push("close")),
    };
    return sendRange(request, reply, watched, { contentType: "audio/wav", etag: '"1"' });
  });
  return {
    closed,
    ask: (headers: Record<string, string>, method: "GET" | "HEAD" = "GET") => server.inject({ method, url: "/a", headers }),
    [Symbol.asyncDispose]: async () => {
      await server.close();
      directory[Symbol.dispose]();
    },
  };
}

const whole = { "content-length": "10", "content-type": "audio/wav", etag: '"1"', "accept-ranges": "bytes" };

describe("a file is answered", () => {
  test.each<[string, Record<string, string>, number, string, Record<string, string>]>([
    ["whole", {}, 200, "0123456789", whole],
    ["in part", { range: "bytes=2-4" }, 206, "234", { "content-range": "bytes 2-4/10", "content-length": "3" }],
    ["in part when it is still the same", { range: "bytes=8-", "if-range": '"1"' }, 206, "89", { "content-range": "bytes 8-9/10" }],
    ["whole when it changed meanwhile", { range: "bytes=8-", "if-range": '"0"' }, 200, "0123456789", whole],
    ["whole to a date", { range: "bytes=8-", "if-range": "Fri, 20 Nov 2026 12:00:00 GMT" }, 200, "0123456789", whole],
    ["not at all when it is known", { "if-none-match": '"0", W/"1"' }, 304, "", { etag: '"1"' }],
  ])("%s", async (_how, headers, status, body, fields) => {
    await using server = await serve("0123456789");
    const answer = await server.ask(headers);
    expect([answer.statusCode, answer.payload]).toEqual([status, body]);
    expect(answer.headers).toMatchObject(fields);
    await expect.poll(() => server.closed.length).toBe(1);
  });

  test("with its head alone, whatever range is asked for", async () => {
    await using server = await serve("0123456789");
    const answer = await server.ask({ range: "bytes=2-4" }, "HEAD");
    expect([answer.statusCode, answer.payload]).toEqual([200, ""]);
    expect(answer.headers).toMatchObject(whole);
    expect(server.closed).toEqual(["close"]);
  });

  test("by 416 and its length when nothing of it is asked for", async () => {
    await using server = await serve("0123456789");
    const answer = await server.ask({ range: "bytes=10-" });
    expect(answer.headers["content-range"]).toBe("bytes */10");
    expect(answer.payload).toContain("API_RANGE_UNSATISFIABLE");
    expect(server.closed).toEqual(["close"]);
  });

  test("when it is empty", async () => {
    await using server = await serve("");
    const answer = await server.ask({});
    expect([answer.statusCode, answer.payload, answer.headers["content-length"]]).toEqual([200, "", "0"]);
    await expect.poll(() => server.closed.length).toBe(1);
  });
});
