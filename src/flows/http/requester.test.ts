import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { HttpRequest } from "../../calls/index.ts";
import type { HttpOutcome, OutgoingRequest } from "../../http-client/index.ts";
import { silentLogger } from "../../kernel/index.ts";
import { createHttpRequester } from "./requester.ts";

/** A requester over a client that answers when told. */
function desk() {
  const asked: { readonly request: OutgoingRequest; readonly answer: (outcome: HttpOutcome) => void }[] = [];
  const client = {
    request: (outgoing: OutgoingRequest) =>
      new Promise<HttpOutcome>((answer) => {
        asked.push({ request: outgoing, answer });
        outgoing.signal?.addEventListener("abort", () => answer({ ok: false, error: "cancelled", detail: "given up" }));
      }),
    close: () => Promise.resolve(),
  };
  return { asked, requester: createHttpRequester({ client, clock: new VirtualClock(), logger: silentLogger }) };
}

function request(more: Partial<HttpRequest> = {}): HttpRequest {
  return { key: "k1", method: "GET", url: "http://crm.example/", headers: {}, deadlineAt: 1_005_000, ...more };
}

function answered(status: number, body: string): HttpOutcome {
  return { ok: true, status, headers: {}, body: new TextEncoder().encode(body), url: "http://crm.example/" };
}

test("sends the key with the headers, within the time that is left, and reads JSON", async () => {
  const { asked, requester } = desk();
  const result = requester.start(request({ method: "POST", headers: { "X-A": "b" }, body: "hé" }));
  expect(asked[0]?.request).toMatchObject({
    method: "POST",
    url: "http://crm.example/",
    headers: { "X-A": "b", "Idempotency-Key": "k1" },
    body: "hé",
    timeoutMs: 5000,
    maxBytes: 262_144,
    redirects: 3,
  });
  asked[0]?.answer(answered(201, '{"a":[1]}'));
  expect(await result).toEqual({ status: 201, body: { a: [1] } });
});

test.each([
  ["plain words", "plain words"],
  ["", null],
  ["[".repeat(400) + "]".repeat(400), "[".repeat(400) + "]".repeat(400)],
])("the body %j becomes %j", async (sent, body) => {
  const { asked, requester } = desk();
  const result = requester.start(request());
  asked[0]?.answer(answered(200, sent));
  expect(await result).toEqual({ status: 200, body });
});

test("no answer has status 0 and says why", async () => {
  const { asked, requester } = desk();
  const result = requester.start(request());
  asked[0]?.answer({ ok: false, error: "too-many-redirects", detail: "more than 3" });
  expect(await result).toEqual({ status: 0, body: null, error: "too-many-redirects" });
});

test("the same key under way is one request; cancel ends it, and afterwards it may be sent again", async () => {
  const { asked, requester } = desk();
  const [one, other] = [requester.start(request()), requester.start(request())];
  expect(other).toBe(one);
  void requester.start(request({ key: "k2" }));
  requester.cancel("k1");
  requester.cancel("unknown");
  expect(await one).toEqual({ status: 0, body: null, error: "cancelled" });
  expect(asked.map((each) => each.request.signal?.aborted)).toEqual([true, false]);
  void requester.start(request());
  expect(asked).toHaveLength(3);
});
