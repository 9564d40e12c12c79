import { expect, test } from "vitest";
import type { HttpOutcome, OutgoingRequest } from "../../http-client/index.ts";
import { fetchAudio, type Validators } from "./audio-fetch.ts";

const url = "http://sounds.example/a.wav";
const bytes = new Uint8Array([1, 2, 3]);

function fetching(outcome: HttpOutcome, validators: Validators = {}) {
  const asked: OutgoingRequest[] = [];
  const client = {
    request(request: OutgoingRequest) {
      asked.push(request);
      return Promise.resolve(outcome);
    },
    close: () => Promise.resolve(),
  };
  const limits = { maxBytes: 1000, timeoutMs: 5000 };
  return { asked, fetched: fetchAudio(client, url, validators, limits, new AbortController().signal) };
}

function answered(status: number, headers: Record<string, string> = {}): HttpOutcome {
  return { ok: true, status, headers, body: bytes, url };
}

test("bytes come with what tells a changed file", async () => {
  const { asked, fetched } = fetching(answered(200, { etag: '"1"', "last-modified": "Mon" }));
  expect(await fetched).toEqual({ kind: "fetched", bytes, etag: '"1"', lastModified: "Mon" });
  expect(asked).toMatchObject([{ method: "GET", url, headers: {}, maxBytes: 1000, timeoutMs: 5000, redirects: 3 }]);
});

test("what was said before is asked with", async () => {
  const { asked, fetched } = fetching(answered(304), { etag: '"1"', lastModified: "Mon" });
  expect(await fetched).toEqual({ kind: "unchanged" });
  expect(asked).toMatchObject([{ headers: { "If-None-Match": '"1"', "If-Modified-Since": "Mon" } }]);
});

test.each<[string, HttpOutcome, object]>([
  ["304 to a question without validators", answered(304), { code: "PROMPT_UNREACHABLE", details: { status: 304 } }],
  ["404", answered(404), { code: "PROMPT_UNREACHABLE", details: { url, status: 404 } }],
  [
    "a refused address",
    { ok: false, error: "refused-address", detail: "a is 10.0.0.1" },
    { code: "PROMPT_UNREACHABLE", details: { reason: "refused-address: a is 10.0.0.1" } },
  ],
  ["too much", { ok: false, error: "too-large", detail: "" }, { code: "PROMPT_TOO_LARGE", details: { url, maxBytes: 1000 } }],
])("%s is a refusal", async (_name, outcome, refusal) => {
  await expect(fetching(outcome).fetched).rejects.toMatchObject(refusal);
});
