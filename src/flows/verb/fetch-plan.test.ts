import { expect, test } from "vitest";
import { Trial } from "../trial.ts";
import type { FlowDocument } from "../document.ts";

const document: FlowDocument = {
  start: "fetch",
  nodes: {
    fetch: {
      verb: "fetch-plan",
      url: "https://app.example/plan",
      body: { from: "{{ call.from }}", place: { to: "{{ call.to }}" } },
      format: "plain",
      exits: { failed: "sorry" },
    },
    sorry: { verb: "say", text: "Sorry" },
  },
};
const fetched: FlowDocument = { start: "hello", nodes: { hello: { verb: "say", text: "Hello" } } };

function begun() {
  const trial = new Trial(document, (format, answer) =>
    format === "plain" && answer === "hello" ? { document: fetched, hash: "h2" } : undefined,
  );
  return { trial, step: trial.start() };
}

test("posts what is known of the call, and what comes back takes over with variables of its own", () => {
  const { trial, step } = begun();
  expect(step?.actions).toMatchObject([
    {
      kind: "request",
      requestId: "plan-1",
      method: "POST",
      body: '{"from":"+18144043093","place":{"to":"+302101234567"}}',
      timeoutMs: 3000,
    },
  ]);
  expect(trial.answers("plan-9", "hello")).toBeUndefined();
  expect(trial.answers("plan-1", "hello")).toMatchObject({ node: "hello", visit: 2, actions: [{ kind: "play", promptId: "prompt-2" }] });
  expect(trial.state).toMatchObject({ pin: { flowId: "", version: 1, hash: "h2" } });
});

test.each([
  ["something else", "other", 200],
  ["a refusal", "hello", 404],
  ["no answer", null, 0],
] as const)("%s takes the exit failed", (_name, body, status) => {
  const { trial } = begun();
  expect(trial.answers("plan-1", body, status)).toMatchObject({ node: "sorry" });
});
