/** What a party was doing when the process died: prompts, digits, requests and recordings. */
import { expect, test } from "vitest";
import type { Call } from "../../src/calls/index.ts";
import { storyOf } from "../support/call-house.ts";
import { answered, crash, legsOf, scene, type Scene } from "./scene.ts";

const story = { start: "say", nodes: { say: { verb: "say", text: "Once upon a time", exits: { done: "bye" } }, bye: { verb: "hang-up" } } };

const only = (node: object, next: object = { verb: "say", text: "Next" }) => ({
  start: "first",
  nodes: { first: node, next, failed: { verb: "say", text: "Failed" } },
});

function happen(at: Scene, call: Call, event: Parameters<Scene["house"]["media"]["happen"]>[2]): Promise<void> {
  at.house.media.happen(call.id, legsOf(call)[0] ?? "", event);
  return at.clock.advanceAsync(5);
}

function textHeard({ house }: Scene, call: Call): string | undefined {
  const source = house.media.plans.get(call.id)?.endpoints[0]?.source;
  const item = source?.kind === "prompt" ? source.prompt.items[0] : undefined;
  return item?.kind === "speech" ? item.text : undefined;
}

test("a prompt goes on where it was heard to", async () => {
  const at = await scene(story);
  const call = await answered(at);
  const begunAt = Object.values(call.parties)[0]?.prompt?.begunAt ?? 0;
  const heardMs = at.clock.now() - begunAt;
  await crash(at, 5000);
  const source = at.house.media.plans.get(call.id)?.endpoints[0]?.source;
  expect(source).toMatchObject({ kind: "prompt", prompt: { offsetMs: heardMs, start: 2 } });
});

test("collect keeps the digits it has", async () => {
  const at = await scene(
    only(
      {
        verb: "collect",
        maxDigits: 3,
        interDigitTimeoutMs: 10_000,
        into: "pin",
        exits: { digits: "next", timeout: "failed", "no-match": "failed" },
      },
      { verb: "say", text: "Pin {{ pin }}" },
    ),
  );
  const call = await answered(at);
  await happen(at, call, { kind: "digit", digit: "4", durationMs: 80 });
  await crash(at, 1000);
  await happen(at, call, { kind: "digit", digit: "2", durationMs: 80 });
  await happen(at, call, { kind: "digit", digit: "1", durationMs: 80 });
  expect(textHeard(at, call)).toBe("Pin 421");
});

test("a request goes out again with its key, and its answer counts once", async () => {
  const at = await scene(
    only({ verb: "request", url: "https://example.org/a", timeoutMs: 30_000, exits: { ok: "next", failed: "failed" } }),
  );
  const call = await answered(at);
  const [before] = at.house.requests;
  await crash(at, 1000);
  const [again, ...more] = at.house.requests;
  expect(more).toEqual([]);
  expect(again?.request).toEqual(before?.request);
  again?.answer({ status: 200, body: {} });
  await at.clock.advanceAsync(10);
  expect(textHeard(at, call)).toBe("Next");
  expect(storyOf(at.journal, call.id).filter((kind) => kind === "request.ended")).toHaveLength(1);
});

test("digits that may have been sent are not sent again: the flow takes the error exit", async () => {
  const at = await scene(only({ verb: "send-digits", digits: "123#", exits: { done: "next", error: "failed" } }));
  const call = await answered(at);
  expect(at.house.media.plans.get(call.id)?.endpoints[0]?.digits).toMatchObject([{ digits: "123#" }]);
  await crash(at, 100);
  expect(at.house.media.plans.get(call.id)?.endpoints[0]?.digits).toEqual([]);
  expect(textHeard(at, call)).toBe("Failed");
});

const recording = only({ verb: "record", beep: false, maxMs: 60_000, exits: { done: "next", error: "failed" } });

test.each([false, true])("a recording opens a next part, and the parts add up (held: %s)", async (held) => {
  const at = await scene(recording);
  const call = await answered(at);
  const [first] = at.house.media.plans.get(call.id)?.endpoints[0]?.recordings ?? [];
  const begunAt = Object.values(call.parties)[0]?.recordings?.[0]?.begunAt ?? 0;
  if (held) void at.house.calls.send(call.accountId, call.id, { kind: "hold", by: "u" });
  await at.clock.advanceAsync(100);
  const earlierMs = at.clock.now() - begunAt;
  await crash(at, 400);
  const [second] = at.house.media.plans.get(call.id)?.endpoints[0]?.recordings ?? [];
  expect(second).toMatchObject({ recordingId: `${first?.recordingId}-2`, maxMs: 60_000 - earlierMs });
  expect(second?.path).not.toBe(first?.path);
  await happen(at, call, { kind: "recording-ended", recordingId: first?.recordingId ?? "", reason: "failed", durationMs: 1 } as never);
  await happen(at, call, {
    kind: "recording-ended",
    recordingId: second?.recordingId ?? "",
    reason: "finished",
    durationMs: 2000,
  } as never);
  const ended = at.journal.records
    .flatMap(({ streams }) => streams.flatMap(({ events }) => events))
    .filter(({ kind }) => kind === "recording.ended");
  expect(ended).toMatchObject([{ recordingId: first?.recordingId, durationMs: earlierMs + 2000 }]);
});
