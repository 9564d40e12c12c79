import { expect, test } from "vitest";
import { FakeMedia } from "../../test/support/call-house.ts";
import { inviteOptions, recorded, userAgent } from "../../test/support/sip-ends.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../test/support/virtual-network.ts";
import { systemIds } from "../kernel/index.ts";
import { PortPool } from "../rtp/index.ts";
import { createOffer, formatSdp } from "../sdp/index.ts";
import type { HeaderPair } from "../sip/index.ts";
import { Phone } from "./phone.ts";
import { deskSettings, type DemoPhoneSettings } from "./settings.ts";

const local = { port: 40_000, sessionId: "1", version: 1, telephoneEvent: true, direction: "sendrecv", ptimeMs: 20 } as const;
const offer = formatSdp(createOffer({ ...local, address: "192.0.2.1", codecs: ["PCMU"] }));

/** Somebody calls the phone. */
function call(settings: DemoPhoneSettings, headers: readonly HeaderPair[] = []) {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1 });
  const [from, to] = [userAgent(network, clock, "192.0.2.1"), userAgent(network, clock, "192.0.2.2")];
  const [media, ports] = [new FakeMedia(), new PortPool(30_000, 30_019)];
  const phone = new Phone({ stack: to.stack, media, ports, clock, ids: systemIds(clock), host: "192.0.2.2", settings });
  const log = recorded();
  const body = { contentType: "application/sdp", content: offer };
  const usage = from.stack.invite(inviteOptions(from, to, { body, headers }), log.events);
  return { clock, media, ports, phone, usage, names: log.names };
}

test.each<readonly [string, readonly HeaderPair[], number]>([
  ["rings for two seconds", [], 2000],
  ["answers at once when asked to", [["Call-Info", "<sip:desk@192.0.2.1>;answer-after=0"]], 0],
  ["answers after as many seconds as it is asked to", [["Call-Info", "<sip:desk@192.0.2.1>;answer-after=1"]], 1000],
])("%s", async (_name, headers, afterMs) => {
  const { clock, names } = call(deskSettings, headers);
  if (afterMs > 0) {
    await clock.advanceAsync(afterMs - 100);
    expect(names).toEqual(["provisional"]);
  }
  await clock.advanceAsync(200);
  expect(names).toEqual(["provisional", "answered"]);
});

test.each(["busy", "reject", "silent"] as const)("is not made to answer when it is set to %s", async (behaviour) => {
  const { clock, names } = call({ ...deskSettings, behaviour }, [["Answer-Mode", "Auto"]]);
  await clock.advanceAsync(5000);
  expect(names).not.toContain("answered");
});

test("without a file for it, it records nothing; after the call its port is free", async () => {
  const { clock, media, ports, usage } = call(deskSettings);
  await clock.advanceAsync(3000);
  expect([...media.plans.values()].flatMap(({ endpoints }) => endpoints.map(({ recordings }) => recordings))).toEqual([[]]);
  usage.bye();
  await clock.advanceAsync(500);
  expect([...media.plans.values()]).toEqual([{ endpoints: [] }]);
  expect(ports.free).toBe(10);
});
