/** Whatever happens to a bridged call in whatever order, over a bad network and through deaths of the process: it comes to its end on all sides. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { PlanFormats } from "../../src/flows/index.ts";
import { accountId, ownedNumber } from "../support/call-house.ts";
import { addPhone, caller, callsComeFrom, crash, type FarEnd, houseAddress, scene, type Scene, signedAs } from "./scene.ts";

const nodes = {
  greet: {
    verb: "collect",
    prompt: [{ say: "Hello" }],
    maxDigits: 1,
    timeoutMs: 4000,
    into: "choice",
    exits: { digits: "dial", timeout: "dial" },
  },
  dial: { verb: "dial", to: "+12025550199", ringMs: 15_000, exits: { done: "bye", "no-answer": "bye", busy: "bye", failed: "bye" } },
  bye: { verb: "say", text: "Bye" },
};

/** Tones lead to another flow while this one dials; that one dials nobody. */
const gather = {
  verb: "gather",
  url: "https://app.example/",
  body: {},
  tonesAs: "tones",
  maxDigits: 2,
  submitOnHash: true,
  format: "plan",
  atEnd: "digits",
  exits: { done: "dial" },
};
const planFormats: PlanFormats = {
  plan: (answer) =>
    answer === "plan" ? { start: "say", nodes: { say: { verb: "say", text: "Next", bargeIn: true, repeat: -1 } } } : undefined,
};

const dialling = { dial: nodes.dial, bye: nodes.bye };
const flows = {
  greet: { start: "greet", nodes },
  phone: { start: "greet", nodes },
  dial: { start: "dial", nodes: dialling },
  gather: { start: "gather", nodes: { gather, ...dialling } },
};

const actions = [
  "hold",
  "retrieve",
  "hang-up",
  "note",
  "first leaves",
  "second leaves",
  "first holds",
  "digit",
  "tone",
  "answer",
  "prompt ends",
  "crash",
] as const;
type Action = { readonly what: (typeof actions)[number]; readonly afterMs: number };

const lives = fc.record({
  /** A flow that greets, one that dials at once, or a phone that dials. */
  begins: fc.constantFrom("greet", "dial", "gather", "phone"),
  seed: fc.nat(1_000_000),
  loss: fc.constantFrom(0, 0.1, 0.25),
  answersAfterMs: fc.constantFrom(0, 1, 700, 30_000),
  rejects: fc.boolean(),
  progresses: fc.boolean(),
  /** Of the caller's INVITE. */
  hasOffer: fc.boolean(),
  sequence: fc.array(fc.record({ what: fc.constantFrom(...actions), afterMs: fc.oneof(fc.nat(4), fc.nat(3000)) }), { maxLength: 12 }),
});

/** A caller without an offer answers ours in PRACK; the process dies before the ACK is on disk, and its answer is repeated. */
const answeredEarly: typeof lives extends fc.Arbitrary<infer Life> ? Life : never = {
  begins: "phone",
  seed: 101_319,
  loss: 0,
  answersAfterMs: 0,
  rejects: false,
  progresses: true,
  hasOffer: false,
  sequence: [{ what: "crash", afterMs: 0 }],
};

async function act(at: Scene, first: FarEnd, { what, afterMs }: Action, keepsRecords: boolean): Promise<void> {
  await at.clock.advanceAsync(afterMs);
  const { items } = await at.house.views.list(accountId, {}, { limit: 1 });
  const [call] = items;
  const [legId = ""] = Object.keys(call?.legs ?? {});
  const send = (command: Parameters<Scene["house"]["calls"]["send"]>[2]) =>
    void at.house.calls.send(accountId, call?.id ?? "", command).catch(() => undefined);
  switch (what) {
    case "hold":
    case "retrieve":
    case "hang-up":
      return send({ kind: what, by: "u" });
    case "note":
      return send({ kind: "set-data", by: "u", set: { note: String(afterMs) } });
    case "first leaves":
      return first.usage().bye();
    case "second leaves":
      if (at.far.log.names.length > 0) at.far.usage().bye();
      return;
    case "first holds":
      return first.usage().reoffer({
        contentType: "application/sdp",
        content: "v=0\r\no=- 1 2 IN IP4 192.0.2.50\r\ns=-\r\nc=IN IP4 192.0.2.50\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\na=sendonly\r\n",
      });
    case "digit":
      return at.house.media.happen(call?.id ?? "", legId, { kind: "digit", digit: "1", durationMs: 80 });
    case "tone":
      return at.house.media.happen(call?.id ?? "", legId, { kind: "digit", digit: "#", durationMs: 80 });
    case "answer":
      return at.house.requests
        .at(-1)
        ?.answer(afterMs % 2 === 0 ? { status: 200, body: "plan" } : { status: 0, body: null, error: "timeout" });
    case "prompt ends": {
      const promptId = Object.values(call?.parties ?? {})[0]?.prompt?.promptId ?? "";
      return at.house.media.happen(call?.id ?? "", legId, { kind: "prompt-ended", promptId, reason: "finished", playedMs: 1 });
    }
    case "crash":
      if (keepsRecords) at.journal.flush();
      return crash(at, 100 + afterMs);
  }
}

/** RFC 3264 §8: two descriptions of ours with the same session and version are the same. */
function descriptionsThatChangedUnsaid({ network }: Scene): readonly string[] {
  const known = new Map<string, string>();
  return network.seen.flatMap(({ from, message }) => {
    const text = Buffer.from(message.body).toString();
    const origin = /^o=.*$/m.exec(text)?.[0];
    if (origin === undefined || !from.startsWith(houseAddress)) return [];
    const same = known.get(origin) ?? text;
    known.set(origin, same);
    return same === text ? [] : [`${same}\n${text}`];
  });
}

test("every far end that took part hears of the end once, and nothing is left over", async () => {
  await fc.assert(
    fc.asyncProperty(lives, async ({ begins, seed, loss, answersAfterMs, rejects, progresses, hasOffer, sequence }) => {
      const behaviour = { progresses, ...(rejects ? { rejectsWith: 486 } : { answersAfterMs }) };
      const at = await scene(flows[begins], behaviour, { seed, loss, minDelayMs: 1, maxDelayMs: 20 }, { planFormats });
      await addPhone(at.house, "anna");
      if (begins !== "phone") await callsComeFrom(at.house, "192.0.2.50");
      const options = begins === "phone" ? { to: "+12025550199", authorization: signedAs("anna") } : { to: ownedNumber };
      const first = caller(at, "192.0.2.50", { ...options, ...(!hasOffer && { offer: "" }) });
      await at.clock.advanceAsync(100);
      for (const action of sequence) await act(at, first, action, loss === 0);
      await at.clock.advanceAsync(70_000);
      const over = at.house.calls.shutDown("the end");
      await at.clock.advanceAsync(200_000);
      await over;
      expect(at.house.calls.unfinished).toBe(0);
      expect(at.house.ports.free).toBe(200);
      expect(first.log.ends.filter((name) => name !== "challenged")).toHaveLength(1);
      // The ACK of an answer goes out before its record is on disk: with that record the process forgets whom it still owes a BYE.
      const mayForget = loss > 0 && sequence.some(({ what }) => what === "crash");
      if (at.far.log.names.length > 0 && !mayForget) expect(at.far.log.ends).toHaveLength(1);
      expect(descriptionsThatChangedUnsaid(at)).toEqual([]);
      const { items } = await at.house.views.list(accountId, { live: true }, { limit: 10 });
      expect(items).toEqual([]);
    }),
    { numRuns: 100, examples: [[answeredEarly]] },
  );
}, 60_000);
