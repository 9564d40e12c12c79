import { expect, test } from "vitest";
import { FakeMedia } from "../../test/support/call-house.ts";
import { inviteOptions, recorded, textOf, userAgent } from "../../test/support/sip-ends.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../test/support/virtual-network.ts";
import { systemIds } from "../kernel/index.ts";
import { PortPool } from "../rtp/index.ts";
import { createAnswer, createOffer, formatSdp, type LocalMedia, parseSdp } from "../sdp/index.ts";
import type { Body } from "../sip/index.ts";
import { Phone } from "./phone.ts";
import { type DemoPhoneSettings, usualSettings } from "./settings.ts";

const callerMedia: LocalMedia = {
  address: "192.0.2.1",
  port: 40_000,
  sessionId: "1",
  version: 1,
  codecs: ["PCMU"],
  telephoneEvent: true,
  direction: "sendrecv",
  ptimeMs: 20,
};

function offer(changes: Partial<LocalMedia> = {}): Body {
  return { contentType: "application/sdp", content: formatSdp(createOffer({ ...callerMedia, ...changes })) };
}

function answerTo(body: Body): Body {
  const parsed = parseSdp(body.content);
  const answered = parsed.ok ? createAnswer(parsed.value, callerMedia) : undefined;
  if (answered?.ok !== true) throw new Error("no answer");
  return { contentType: "application/sdp", content: formatSdp(answered.answer) };
}

function setUp(settings: Partial<DemoPhoneSettings> = {}) {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1 });
  const [alice, house] = [userAgent(network, clock, "192.0.2.1"), userAgent(network, clock, "192.0.2.2")];
  const media = new FakeMedia();
  const ports = new PortPool(30_000, 30_003);
  const phone = new Phone({
    stack: house.stack,
    media,
    ports,
    clock,
    ids: systemIds(clock),
    host: "192.0.2.2",
    recordingPath: "/nowhere/last-call.wav",
    settings: { ...usualSettings, ...settings },
  });
  const call = (body: Body | undefined = offer(), name = "1") => {
    const log = recorded({
      answered: (response) => (body === noOffer ? answerTo({ contentType: "", content: response.body }) : undefined),
    });
    const options = { callId: name, branch: `z9hG4bK${name}`, localTag: name, body: body === noOffer ? undefined : body };
    return { log, usage: alice.stack.invite(inviteOptions(alice, house, options), log.events) };
  };
  const endpoint = () => [...media.plans.values()].flatMap(({ endpoints }) => endpoints)[0];
  return { clock, call, endpoint, ports, phone };
}

const noOffer: Body = { contentType: "", content: "" };

test("it rings, answers after its time, records, and is free again after BYE", () => {
  const { clock, call, endpoint, ports } = setUp({ answerAfterMs: 3000 });
  const { log, usage } = call();
  clock.advance(2900);
  expect(log.names).toEqual(["provisional"]);
  clock.advance(200);
  expect(log.names).toEqual(["provisional", "answered"]);
  expect(endpoint()).toMatchObject({ remote: { address: "192.0.2.1", port: 40_000 }, recordings: [{ hears: "peer" }] });
  expect(ports.free).toBe(1);
  usage.bye();
  clock.advance(100);
  expect(log.ends).toEqual(["ended"]);
  expect(endpoint()).toBeUndefined();
  expect(ports.free).toBe(2);
});

test("it presses its digits one after the other, a comma is half a second", () => {
  const { clock, call, endpoint } = setUp({ answerAfterMs: 0, digits: "1,2" });
  call();
  const pressed = () =>
    endpoint()
      ?.digits.map(({ digits }) => digits)
      .join("");
  clock.advance(100);
  expect(pressed()).toBe("1");
  clock.advance(850);
  expect(pressed()).toBe("1");
  clock.advance(200);
  expect(pressed()).toBe("2");
});

test.each([
  ["busy", 486],
  ["reject", 603],
] as const)("%s is %i", (behaviour, status) => {
  const { clock, call, ports } = setUp({ behaviour });
  const { log } = call();
  clock.advance(1000);
  expect(log.values.at(-1)).toEqual([expect.objectContaining({ status })]);
  expect(ports.free).toBe(2);
});

test("silent rings until it is cancelled", () => {
  const { clock, call, ports } = setUp({ behaviour: "silent" });
  const { log, usage } = call();
  clock.advance(60_000);
  expect(new Set(log.names)).toEqual(new Set(["provisional"]));
  usage.bye();
  clock.advance(1000);
  expect(log.values.at(-1)).toEqual([expect.objectContaining({ status: 487 })]);
  expect(ports.free).toBe(2);
});

test("hold stops what it sends, and a codec it has not is 488", () => {
  const { clock, call, endpoint } = setUp({ answerAfterMs: 0 });
  const { log, usage } = call();
  clock.advance(100);
  usage.reoffer(offer({ version: 2, direction: "sendonly" }));
  clock.advance(100);
  expect(endpoint()).toMatchObject({ sends: false, receives: true });
  expect(textOf(log.values[log.names.lastIndexOf("sessionAccepted")]?.[0])).toContain("a=recvonly");
  usage.reoffer({
    contentType: "application/sdp",
    content: textOf(offer({ version: 3 }))
      .replace("RTP/AVP 0", "RTP/AVP 18")
      .replace("PCMU", "G729"),
  });
  clock.advance(100);
  expect(log.names.at(-1)).toBe("sessionRefused");
  expect(endpoint()).toMatchObject({ sends: false });
});

test("an INVITE without an offer gets one, and the answer in its ACK counts (RFC 3261 §13.2.1)", () => {
  const { clock, call, endpoint } = setUp({ answerAfterMs: 0 });
  const { log } = call(noOffer);
  clock.advance(100);
  expect(log.names.at(-1)).toBe("answered");
  expect(endpoint()).toMatchObject({ remote: { address: "192.0.2.1", port: 40_000 }, codec: "PCMU" });
});

test("with all its ports taken it is busy", () => {
  const { clock, call } = setUp();
  for (const name of ["1", "2"]) call(offer(), name);
  const third = call(offer(), "3");
  clock.advance(100);
  expect(third.log.values.at(-1)).toEqual([expect.objectContaining({ status: 486 })]);
});
