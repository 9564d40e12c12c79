/** What each party hears, of seats that a test puts together. */
import { describe, expect, test } from "vitest";
import { clockStart, mediaSettings, negotiatedOf } from "../decide/fixture.ts";
import type { Call, PlayingPrompt } from "../model.ts";
import { type Place, talkOf } from "./fixture.ts";
import { mediaPlan } from "./media-plan.ts";

function planOf(call: Call) {
  return Object.fromEntries(mediaPlan(call, mediaSettings).endpoints.map((endpoint) => [endpoint.endpointId, endpoint]));
}

/** By listener: whom it hears, or the kind of what it hears. */
function hearing(places: Readonly<Record<string, Place>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.values(planOf(talkOf(places))).map(({ endpointId, source }) => [
      endpointId,
      source.kind === "mix" ? source.endpointIds.join(" ") : source.kind,
    ]),
  );
}

const supervising = (mode: "listen" | "coach" | "barge"): Place => ({ seat: { supervises: { mode, partyId: "agent" } } });
const prompt: PlayingPrompt = { promptId: "p", items: [], bargeIn: false, begunAt: clockStart, offsetMs: 40, start: 2 };

describe("the routing matrix", () => {
  test.each([
    ["listen", { agent: "customer", customer: "agent", boss: "agent customer" }],
    ["coach", { agent: "customer boss", customer: "agent", boss: "agent customer" }],
    ["barge", { agent: "customer boss", customer: "agent boss", boss: "agent customer" }],
  ] as const)("%s", (mode, expected) => {
    expect(hearing({ agent: {}, customer: {}, boss: supervising(mode) })).toEqual(expected);
  });

  test("three talk, one of whom is muted and one of whom is deaf", () => {
    expect(hearing({ a: {}, b: { seat: { muted: true } }, c: { seat: { deaf: true } } })).toEqual({ a: "c", b: "a c", c: "silence" });
  });

  test("a supervisor who rings is waited for by nobody", () => {
    const ringing: Place = { seat: { state: "alerting", ...supervising("barge").seat }, leg: { state: "ringing" } };
    expect(hearing({ agent: {}, boss: ringing })).toEqual({ agent: "silence" });
    expect(hearing({ agent: {}, third: { seat: { state: "alerting" }, leg: { state: "ringing" } } })).toEqual({ agent: "ringback" });
  });

  test("who coaches an agent on hold is heard by nobody", () => {
    const held: Place = { seat: { state: "held" } };
    expect(hearing({ agent: held, customer: {}, boss: supervising("coach") })).toEqual({
      agent: "hold-music",
      customer: "silence",
      boss: "customer",
    });
  });

  test("a talk that is only relayed goes on under a supervisor who cannot hear it", () => {
    const { codec: _codec, ...media } = negotiatedOf();
    const passed: Place = { leg: { media: { ...media, relayed: { payloadType: 18, name: "G729", clockRateHz: 8000, channels: 1 } } } };
    expect(hearing({ a: passed, b: passed, boss: { seat: { supervises: { mode: "listen", partyId: "a" } } } })).toMatchObject({
      a: "relay",
      b: "relay",
    });
  });
});

describe("levels", () => {
  test("how loud one is heard goes with each mix it is in, and how loud one hears with the endpoint", () => {
    const { a, b, c } = planOf(
      talkOf({ a: { seat: { gainDb: 6 } }, b: { seat: { volumeDb: -3 } }, c: { seat: { gainDb: 0, volumeDb: 0 } } }),
    );
    expect([a?.source, b?.source, c?.source]).toEqual([
      { kind: "mix", endpointIds: ["b", "c"] },
      { kind: "mix", endpointIds: ["a", "c"], gainsDb: { a: 6 } },
      { kind: "mix", endpointIds: ["a", "b"], gainsDb: { a: 6 } },
    ]);
    expect([a?.volumeDb, b?.volumeDb, c?.volumeDb]).toEqual([undefined, -3, undefined]);
  });
});

describe("what is played", () => {
  test("a prompt instead of the talk, an announcement over it", () => {
    const announcement = { ...prompt, promptId: "n", volumeDb: -6 };
    const { a, b } = planOf(
      talkOf({ a: { party: { prompt: { ...prompt, isPaused: true, repeat: -1 } } }, b: { party: { announcement } } }),
    );
    const played = { items: [], bargeIn: false, offsetMs: 40, start: 2 };
    expect(a?.source).toEqual({ kind: "prompt", prompt: { ...played, promptId: "p", isPaused: true, repeat: -1 } });
    expect([b?.source, b?.announcement]).toEqual([
      { kind: "mix", endpointIds: ["a"] },
      { ...played, promptId: "n", volumeDb: -6 },
    ]);
  });

  test("who is deaf still hears what is played, and who is on hold what is announced", () => {
    const { a, b } = planOf(
      talkOf({ a: { seat: { deaf: true }, party: { prompt } }, b: { seat: { state: "held" }, party: { announcement: prompt } } }),
    );
    expect([a?.source.kind, b?.source.kind, b?.announcement?.promptId]).toEqual(["prompt", "hold-music", "p"]);
  });
});

describe("media are waited for", () => {
  test.each([
    ["while both send", {}, 10_000],
    ["not while the party is held", { seat: { state: "held" } }, undefined],
    ["not while the peer holds us", { leg: { media: negotiatedOf({ direction: "sendonly" }) } }, undefined],
    ["not on a leg that is inactive", { leg: { media: negotiatedOf({ direction: "inactive" }) } }, undefined],
    ["not before the answer", { leg: { state: "ringing", early: { at: 1, media: negotiatedOf() } } }, undefined],
  ] as const)("%s", (_when, place, timeoutMs) => {
    expect(planOf(talkOf({ a: place }))["a"]?.timeoutMs).toBe(timeoutMs);
  });

  test("no longer than they may be missing, and never when they may for ever", () => {
    const call = talkOf({ a: {} });
    const timeouts = [4_000, 0].map((mediaTimeoutMs) => mediaPlan(call, { ...mediaSettings, mediaTimeoutMs }).endpoints[0]?.timeoutMs);
    expect(timeouts).toEqual([4_000, undefined]);
  });
});

describe("what the installation says", () => {
  const settings = { ...mediaSettings, holdMusic: "/music.wav", toneCountry: "DE" };
  const heardBy = (call: Call, party: string) => mediaPlan(call, settings).endpoints.find(({ endpointId }) => endpointId === party)?.source;

  test("its music is heard on hold, from its begin, over and over", () => {
    expect(heardBy(talkOf({ a: { seat: { state: "held" } }, b: {} }), "a")).toMatchObject({
      kind: "hold-music",
      prompt: { items: [{ kind: "audio", uri: "/music.wav" }], repeat: -1, offsetMs: 0, start: 0 },
    });
  });

  test("tones are those of its country, but for those that have one of their own", () => {
    expect(heardBy(talkOf({ a: {}, b: { seat: { state: "alerting" } } }), "a")).toEqual({ kind: "ringback", country: "DE" });
    const tone = { kind: "network-tone", tone: "busy", durationMs: 100 } as const;
    const items = [tone, { ...tone, country: "FR" }];
    expect(heardBy(talkOf({ a: { party: { prompt: { ...prompt, items } } } }), "a")).toMatchObject({
      prompt: { items: [{ country: "DE" }, { country: "FR" }] },
    });
  });

  test("a leg that agreed to no telephone-events is listened to for tones", () => {
    const { telephoneEvent: _none, ...media } = negotiatedOf({ telephoneEvent: 101 });
    const endpoints = mediaPlan(
      talkOf({ a: { leg: { media } }, b: { leg: { media: negotiatedOf({ telephoneEvent: 101 }) } } }),
      settings,
    ).endpoints;
    expect(endpoints.map(({ hearsTones }) => hearsTones)).toEqual([true, undefined]);
  });
});
