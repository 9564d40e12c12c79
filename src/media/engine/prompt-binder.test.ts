import { expect, test } from "vitest";
import { CallwrightError, silentLogger } from "../../kernel/index.ts";
import { endpointPlan } from "../fixture/media-bench.case.ts";
import type { PromptOrder } from "../orders.ts";
import type { EndpointPlan, PreparedPrompt, PromptPlan, Source } from "../plan.ts";
import { PromptBinder } from "./prompt-binder.ts";

const prompt: PromptPlan = { promptId: "p", items: [{ kind: "speech", text: "hi" }], offsetMs: 0, start: 0, bargeIn: false };
const source: Source = { kind: "prompt", prompt };
const announcement: PromptPlan = { ...prompt, promptId: "a", items: [{ kind: "tone", frequencyHz: 440, durationMs: 20 }] };

/** A binder whose sounds are ready when the test says so. */
function binding() {
  const orders: PromptOrder[] = [];
  const waiting: {
    readonly format: string;
    readonly done: (prepared: PreparedPrompt) => void;
    readonly failed: (cause: unknown) => void;
  }[] = [];
  const prepare = (_item: unknown, format: string) =>
    new Promise<PreparedPrompt>((done, failed) => {
      waiting.push({ format, done, failed });
    });
  const binder = new PromptBinder({ prepare }, silentLogger, (order) => orders.push(order));
  return {
    orders,
    waiting,
    bind: (...endpoints: readonly EndpointPlan[]) => binder.bind("call", { endpoints }),
    repeat: () => binder.repeat("call"),
    settle: async () => {
      for (const { format, done } of waiting.splice(0)) done({ path: `/${format}`, durationMs: 20 });
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

function seen(orders: readonly PromptOrder[]): readonly string[] {
  return orders.map(({ promptId, start, format, error = "" }) => `${promptId} ${start} ${format} ${error}`.trim());
}

test("a prompt is prepared once in the format that it is needed in, and again when that changes", async () => {
  const bench = binding();
  bench.bind(endpointPlan(5000, source));
  bench.bind(endpointPlan(5000, source, { sends: false }));
  await bench.settle();
  bench.bind(endpointPlan(5000, source, { volumeDb: -6 }));
  await bench.settle();
  bench.bind(endpointPlan(5000, { kind: "prompt", prompt: { ...prompt, start: 1 } }, { volumeDb: -6 }));
  await bench.settle();
  expect(seen(bench.orders)).toEqual(["p 0 PCMU", "p 0 linear/8000", "p 1 linear/8000"]);
  expect(bench.orders[0]?.items).toEqual([{ kind: "file", path: "/PCMU" }]);
});

test("an announcement is bound in samples, and what it is played over becomes samples too", async () => {
  const bench = binding();
  bench.bind(endpointPlan(5000, source));
  await bench.settle();
  bench.bind(endpointPlan(5000, source, { announcement }));
  await bench.settle();
  expect(seen(bench.orders).toSorted()).toEqual(["a 0 linear/8000", "p 0 PCMU", "p 0 linear/8000"]);
  bench.bind(endpointPlan(5000, { kind: "silence" }, { announcement }));
  await bench.settle();
  expect(bench.orders).toHaveLength(3);
});

test("what is ready after it left the plan, or in a format that is no longer needed, is not handed on", async () => {
  const bench = binding();
  bench.bind(endpointPlan(5000, source));
  bench.bind(endpointPlan(5000, source, { volumeDb: 1 }));
  await bench.settle();
  expect(seen(bench.orders)).toEqual(["p 0 linear/8000"]);
  bench.bind(endpointPlan(5000, { kind: "prompt", prompt: { ...prompt, promptId: "q" } }));
  bench.bind();
  await bench.settle();
  expect(bench.orders).toHaveLength(1);
});

test("another worker gets what is there again, and nothing that is not", async () => {
  const bench = binding();
  bench.bind(endpointPlan(5000, source, { announcement }), endpointPlan(5002, source));
  bench.repeat();
  expect(seen(bench.orders)).toEqual([]);
  await bench.settle();
  bench.orders.length = 0;
  bench.repeat();
  expect(seen(bench.orders)).toEqual(["p 0 linear/8000", "a 0 linear/8000", "p 0 PCMU"]);
});

test("one that cannot be prepared is told with its code", async () => {
  const bench = binding();
  bench.bind(endpointPlan(5000, source), endpointPlan(5002, source));
  bench.waiting[0]?.failed(new CallwrightError("PROMPT_TIMEOUT", { category: "unavailable", message: "" }));
  bench.waiting[1]?.failed(new Error("a bug"));
  await bench.settle();
  expect(seen(bench.orders)).toEqual(["p 0 PCMU PROMPT_TIMEOUT", "p 0 PCMU PROMPT_UNREADABLE"]);
});

test("nothing is prepared for an endpoint that is not decoded", () => {
  const bench = binding();
  const { codec: _, ...undecoded } = endpointPlan(5000, source);
  bench.bind(undecoded);
  expect(bench.waiting).toEqual([]);
});
