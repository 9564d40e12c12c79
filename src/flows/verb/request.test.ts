import { expect, test } from "vitest";
import type { RequestNode } from "../document.ts";
import { trialOf } from "../trial.ts";

const node: RequestNode = {
  verb: "request",
  method: "POST",
  url: "https://crm.example/callers/{{ caller.number | url_encode }}",
  headers: { "X-Call": "{{ call.id }}" },
  body: { said: "{{ said }}", from: ["{{ caller.number }}"] },
  into: "reply",
};

test("sends what the templates give; a value in JSON cannot break out of it", () => {
  expect(trialOf(node, { said: '"}' }).start()).toMatchObject({
    wait: { for: "request" },
    actions: [
      {
        kind: "request",
        requestId: "request-1",
        method: "POST",
        url: "https://crm.example/callers/%2B18144043093",
        headers: { "X-Call": "c1", "Content-Type": "application/json" },
        body: '{"said":"\\"}","from":["+18144043093"]}',
        timeoutMs: 5000,
      },
    ],
  });
});

test("a text body is sent as it is, and a content type of one's own stays", () => {
  const [action] = trialOf({ ...node, body: "a={{ call.id }}", headers: { "content-type": "text/plain" } }).start()?.actions ?? [];
  expect(action).toMatchObject({ body: "a=c1", headers: { "content-type": "text/plain" } });
});

test.each([
  [200, undefined, "ok"],
  [204, undefined, "ok"],
  [302, undefined, "failed"],
  [404, undefined, "failed"],
  [0, "timeout", "timeout"],
  [0, "unreachable", "failed"],
])("status %i (%s) takes the exit %s", (status, error, exit) => {
  const trial = trialOf(node);
  trial.start();
  const event = { kind: "request-ended", requestId: "request-1", status, body: { a: 1 }, ...(error !== undefined && { error }) } as const;
  expect(trial.give({ ...event, requestId: "request-2" })).toBeUndefined();
  expect(trial.give(event)).toMatchObject({ exit, set: { reply: { status, body: { a: 1 }, error: error ?? null } } });
});

test.each([
  ["an address that is no URL", { url: "{{ said }}" }, "nowhere"],
  ["another scheme", { url: "{{ said }}" }, "file:///etc/passwd"],
  ["a header with a line break", { headers: { "X-Said": "{{ said }}" } }, "a\r\nHost: b"],
])("%s takes the exit error", (_name, more, said) => {
  expect(trialOf({ ...node, ...more }, { said }).start()).toMatchObject({ exit: "error", actions: [] });
});
