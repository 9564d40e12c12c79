import * as fc from "fast-check";
import { expect, test } from "vitest";
import { HeaderList } from "../message/header-list.ts";
import { parseContentType } from "./content.ts";
import { parseMultipart } from "./multipart.ts";
import { checkBody, sessionBodyOf } from "./session-body.ts";

const boundary = fc.string({ unit: fc.constantFrom(..."abcXYZ019'()+_,-./:=?".split("")), minLength: 1, maxLength: 20 });
const content = fc.uint8Array({ maxLength: 60 });

test("what is put together comes apart again, byte for byte", () => {
  fc.assert(
    fc.property(boundary, fc.array(content, { minLength: 1, maxLength: 6 }), (mark, bodies) => {
      const isUnambiguous = bodies.every((body) => !Buffer.from(body).toString("latin1").includes(`--${mark}`));
      fc.pre(isUnambiguous);
      const pieces = bodies.flatMap((body) => [Buffer.from(`\r\n--${mark}\r\nContent-Type: a/b\r\n\r\n`), Buffer.from(body)]);
      const whole = Buffer.concat([...pieces, Buffer.from(`\r\n--${mark}--`)]);
      const parts = parseMultipart(mark, whole);
      expect(parts.ok && parts.value.map(({ body }) => [...body])).toEqual(bodies.map((body) => [...body]));
      expect(parts.ok && parts.value[0]?.headers.get("content-type")).toBe("a/b");
    }),
  );
});

test("no bytes make it throw or loop", () => {
  const nearly = fc.string({ unit: fc.constantFrom("--b", "--", "\r\n", "\n", ":", "Content-Type", "a/b", " ", "x"), maxLength: 40 });
  fc.assert(
    fc.property(fc.oneof(nearly.map(Buffer.from), content), fc.string(), (body, type) => {
      parseMultipart("b", body);
      parseContentType(type);
      const headers = new HeaderList([["Content-Type", "multipart/mixed;boundary=b"]]);
      const request = { kind: "request", method: "INVITE", uri: "sip:a@b", headers, body } as const;
      sessionBodyOf(request);
      const refusal = checkBody(request);
      expect([undefined, 400, 415]).toContain(refusal?.status);
    }),
  );
});
