/** Session timers of legs (RFC 4028): agreed on, refreshed, and armed again after a restart. */
import { expect, test } from "vitest";
import { createOffer, formatSdp } from "../../src/sdp/index.ts";
import { responseTo } from "../../src/sip/index.ts";
import { ownedNumber, storyOf } from "../support/call-house.ts";
import {
  answered,
  callNow,
  caller,
  callsComeFrom,
  crash,
  farAddress,
  houseAddress,
  mediaAt,
  originate,
  requests,
  requestsFrom,
  scene,
  type Scene,
} from "./scene.ts";

const trunkAddress = "192.0.2.50";
const waits = { start: "say", nodes: { say: { verb: "say", text: "A long story" } } };

const refreshes = (at: Scene) => requests(at.network, "UPDATE").map(({ headers }) => headers.get("Session-Expires"));

test("a far end that grants a timer to us is refreshed at half the interval, and a call costs no event for it", async () => {
  const at = await granting("1800;refresher=uac");
  const call = await answered(at);
  const events = storyOf(at.journal, call.id).length;
  await at.clock.advanceAsync(895_000);
  expect(refreshes(at)).toEqual([]);
  await at.clock.advanceAsync(10_000);
  expect(refreshes(at)).toEqual(["1800;refresher=uac"]);
  expect(storyOf(at.journal, call.id)).toHaveLength(events);
});

/** A far end that answers with this Session-Expires and takes every UPDATE, but never sends one. */
async function granting(expires: string): Promise<Scene> {
  const at = await scene(waits, { silent: true });
  const { transport } = at.far.agent;
  transport.onMessage((message) => {
    if (message.kind !== "request" || message.method === "ACK") return;
    const body =
      message.method === "INVITE" ? { contentType: "application/sdp", content: formatSdp(createOffer(mediaAt(farAddress))) } : undefined;
    const headers = [
      ["Allow", "INVITE, ACK, BYE, CANCEL, UPDATE"],
      ...(message.method === "BYE" ? [] : [["Session-Expires", expires] as const]),
    ] as const;
    const parts = { toTag: "far", contact: `<sip:far@${farAddress}>`, headers: [...headers], body };
    transport.send(responseTo(message, 200, parts), { protocol: "udp", address: houseAddress, port: 5060 });
  });
  return at;
}

test("a far end that was to refresh and does not is hung up on in time, and the call says why", async () => {
  const at = await granting("600;refresher=uas");
  const call = await answered(at);
  await at.clock.advanceAsync(570_000);
  expect(requests(at.network, "BYE")[0]?.headers.get("Reason")).toBe('Q.850;cause=102;text="Session expired"');
  expect(at.house.shipped.flatMap(({ ended }) => ended).find(({ id }) => id === call.id)?.outcome?.text).toContain("Session expired");
});

test("422 is answered by another INVITE with the far end's Min-SE, also after a crash, and once more is enough", async () => {
  const at = await scene(waits, { silent: true });
  const { transport } = at.far.agent;
  transport.onMessage((message) => {
    if (message.kind !== "request" || message.method === "ACK" || message.headers.get("Min-SE") === "3600") return;
    transport.send(responseTo(message, 422, { toTag: "far", headers: [["Min-SE", "3600"]] }), {
      protocol: "udp",
      address: houseAddress,
      port: 5060,
    });
  });
  await originate(at);
  await at.clock.advanceAsync(300);
  await crash(at, 1_000);
  await at.clock.advanceAsync(300);
  expect(requests(at.network, "INVITE").map(({ headers }) => [headers.get("CSeq"), headers.get("Session-Expires")])).toEqual([
    ["1 INVITE", "1800"],
    ["2 INVITE", "3600"],
  ]);
});

test.each([true, false])(
  "after a crash the timer runs again (we were called: %s): refreshed at once, and on time from then on",
  async (isInbound) => {
    const at = isInbound ? await scene(waits) : await granting("200;refresher=uac");
    await callsComeFrom(at.house, trunkAddress);
    if (isInbound) caller(at, trunkAddress, { to: ownedNumber, intervalS: 200 });
    else await originate(at);
    await at.clock.advanceAsync(1_500);
    expect(Object.values((await callNow(at)).legs)[0]?.dialog?.timer).toEqual({ intervalS: 200, refresher: "local" });
    await at.clock.advanceAsync(60_000);
    await crash(at, 5_000);
    await at.clock.advanceAsync(33_000);
    const branches = () => new Set(requestsFrom(at.network, houseAddress, "UPDATE").map((request) => request.headers.get("Via"))).size;
    expect(branches()).toBe(1);
    await at.clock.advanceAsync(101_000);
    expect(branches()).toBe(2);
    expect((await callNow(at)).endedAt).toBeUndefined();
  },
);
