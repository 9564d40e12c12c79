import { expect, test } from "vitest";
import { decideCreation } from "./decide/decide.ts";
import { clockStart, fakeSurroundings, originateInput } from "./decide/fixture.ts";
import type { Call, PendingRequest } from "./model.ts";
import { PendingRequests } from "./pending-requests.ts";
import type { HttpRequest, HttpResult } from "./ports.ts";

const request: PendingRequest = {
  requestId: "r1",
  method: "POST",
  url: "https://example.org/",
  headers: {},
  body: "{}",
  deadlineAt: clockStart + 5000,
};
const { call } = decideCreation(originateInput, fakeSurroundings());
const [partyId = ""] = Object.keys(call.parties);

function waitingFor(pending: PendingRequest | undefined, more: Partial<Call> = {}): Call {
  const { [partyId]: party, ...others } = call.parties;
  if (party === undefined) throw new Error("no party");
  return { ...call, ...more, parties: { ...others, [partyId]: pending ? { ...party, requests: [pending] } : party } };
}

function setUp() {
  const started: { request: HttpRequest; answer: (result: HttpResult) => void }[] = [];
  const cancelled: string[] = [];
  const ended: unknown[] = [];
  const requests = new PendingRequests({
    start: (what) => new Promise((answer) => void started.push({ request: what, answer })),
    cancel: (key) => void cancelled.push(key),
  });
  return { started, cancelled, ended, apply: (state: Call) => requests.apply(state, (input) => void ended.push(input)) };
}

test("a request starts once however often the state is applied, and its answer comes back with the party's id", async () => {
  const { started, ended, apply } = setUp();
  apply(waitingFor(request));
  apply(waitingFor(request, { data: { note: "x" } }));
  expect(started.map((each) => each.request)).toEqual([
    {
      key: `${call.id}-${partyId}-r1`,
      method: "POST",
      url: "https://example.org/",
      headers: {},
      body: "{}",
      deadlineAt: clockStart + 5000,
    },
  ]);
  started[0]?.answer({ status: 200, body: { ok: true } });
  await Promise.resolve();
  expect(ended).toEqual([{ kind: "request-ended", partyId, requestId: "r1", status: 200, body: { ok: true } }]);
});

test("after a restart the key is the same", () => {
  const [before, after] = [setUp(), setUp()];
  before.apply(waitingFor(request));
  after.apply(waitingFor(request));
  expect(after.started[0]?.request.key).toBe(before.started[0]?.request.key);
});

test("a request nobody waits for any more is cancelled once, and the next one starts", () => {
  const { started, cancelled, apply } = setUp();
  apply(waitingFor(request));
  apply(waitingFor({ ...request, requestId: "r2" }));
  expect(cancelled).toEqual([`${call.id}-${partyId}-r1`]);
  apply(waitingFor(undefined));
  apply(waitingFor(undefined));
  expect(cancelled).toHaveLength(2);
  expect(started).toHaveLength(2);
});

test("the end of the call cancels", () => {
  const { cancelled, apply } = setUp();
  apply(waitingFor(request));
  apply(waitingFor(request, { endedAt: clockStart }));
  expect(cancelled).toHaveLength(1);
});

test("of several requests of a party each is started and cancelled for itself", () => {
  const { started, cancelled, apply } = setUp();
  const first = waitingFor(request);
  const { [partyId]: party } = first.parties;
  if (party === undefined) throw new Error("no party");
  apply({ ...first, parties: { ...first.parties, [partyId]: { ...party, requests: [request, { ...request, requestId: "r2" }] } } });
  apply(first);
  expect(started.map(({ request: { key } }) => key)).toEqual([`${call.id}-${partyId}-r1`, `${call.id}-${partyId}-r2`]);
  expect(cancelled).toEqual([`${call.id}-${partyId}-r2`]);
});
