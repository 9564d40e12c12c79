/** What a peer's later offers do to a call, and what ours say then (RFC 3264 §8). */
import { expect, test } from "vitest";
import { ownedNumber, storyOf } from "../support/call-house.ts";
import { addPhone, callNow, caller, callsComeFrom, crash, type FarEnd, scene, type Scene, signedAs } from "./scene.ts";

const trunk = "192.0.2.50";
const hello = { start: "hi", nodes: { hi: { verb: "say", text: "Hi" } } };
const plainLines = ["m=audio 40000 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000"];

function sdp(version: number, lines: readonly string[], session: readonly string[] = []): string {
  return ["v=0", `o=- 1 ${version} IN IP4 ${trunk}`, "s=-", `c=IN IP4 ${trunk}`, "t=0 0", ...session, ...lines, ""].join("\r\n");
}

type Talk = Scene & { from: FarEnd };

async function calling(offer: string): Promise<Talk> {
  const at = await scene(hello);
  await callsComeFrom(at.house, trunk);
  const from = caller(at, trunk, { to: ownedNumber, offer });
  await at.clock.advanceAsync(300);
  return Object.assign(at, { from });
}

async function reoffered(at: Talk, offer: string): Promise<void> {
  at.from.usage().reoffer({ contentType: "application/sdp", content: offer });
  await at.clock.advanceAsync(200);
}

/** The last session description of the house to the peer. */
function lastOf({ network }: Talk): string {
  const sent = network.seen.filter(({ message, to }) => to === `${trunk}:5060` && message.body.length > 0);
  return Buffer.from(sent.at(-1)?.message.body ?? "").toString();
}

const versionOf = (text: string) => /^o=- \d+ (\d+) /m.exec(text)?.[1];
const directionOf = (text: string) => /^a=(sendrecv|sendonly|recvonly|inactive)/m.exec(text)?.[1];

async function planOf(at: Talk) {
  return at.house.media.plans.get((await callNow(at)).id)?.endpoints[0];
}

test.each([
  ["sendonly", ["a=sendonly"], [], "recvonly"],
  ["inactive", ["a=inactive"], [], "inactive"],
  ["recvonly", ["a=recvonly"], [], "sendonly"],
  ["sendonly for the session", [], ["a=sendonly"], "recvonly"],
  ["inactive for the session", [], ["a=inactive"], "inactive"],
  ["address zero", ["c=IN IP4 0.0.0.0"], [], "recvonly"],
  ["address zero, and sendonly", ["c=IN IP4 0.0.0.0", "a=sendonly"], [], "recvonly"],
  ["address zero, and inactive", ["c=IN IP4 0.0.0.0", "a=inactive"], [], "inactive"],
  ["IPv6 zero", ["c=IN IP6 ::"], [], "recvonly"],
  ["a name that is no one's", ["c=IN IP6 hold.invalid"], [], "recvonly"],
])("the peer holds by %s, and lets go", async (_name, [first = "", ...more], session, answer) => {
  const at = await calling(sdp(1, plainLines));
  const [line = "", ...rest] = plainLines;
  // c= goes before the attributes.
  await reoffered(
    at,
    sdp(
      2,
      [line, first, ...rest, ...more].filter((text) => text !== ""),
      session,
    ),
  );
  expect([directionOf(lastOf(at)), versionOf(lastOf(at))]).toEqual([answer, "2"]);
  expect(await planOf(at)).toMatchObject({ sends: answer === "sendonly", receives: answer === "recvonly" });
  expect(lastOf(at)).toContain("m=audio 20000 ");
  await reoffered(at, sdp(3, plainLines));
  expect([directionOf(lastOf(at)), versionOf(lastOf(at))]).toEqual(["sendrecv", "3"]);
  expect(await planOf(at)).toMatchObject({ sends: true, receives: true, remote: { address: trunk, port: 40_000 } });
});

test("a refresh with the same version gets the same answer, and nothing happened (§8)", async () => {
  const at = await calling(sdp(1, plainLines));
  const first = lastOf(at);
  const { id } = await callNow(at);
  const story = storyOf(at.journal, id).length;
  await reoffered(at, sdp(1, plainLines));
  await reoffered(at, sdp(1, plainLines));
  expect(lastOf(at)).toBe(first);
  expect(storyOf(at.journal, id)).toHaveLength(story);
  await reoffered(at, sdp(2, [...plainLines, "a=sendonly"]));
  const held = lastOf(at);
  await reoffered(at, sdp(2, [...plainLines, "a=sendonly"]));
  expect(lastOf(at)).toBe(held);
  expect(storyOf(at.journal, id).filter((kind) => kind === "leg.session-changed")).toHaveLength(1);
});

test("a phone that changes its offer and not its version is believed", async () => {
  const at = await calling(sdp(1, plainLines));
  await reoffered(at, sdp(1, [...plainLines, "a=sendonly"]));
  expect([directionOf(lastOf(at)), versionOf(lastOf(at))]).toEqual(["recvonly", "2"]);
});

test("after a restart a refresh is answered with another version: what was said before is not known any more", async () => {
  const at = await calling(sdp(1, plainLines));
  await crash(at, 500);
  await reoffered(at, sdp(1, plainLines));
  // Number 2 may have gone out before.
  expect(versionOf(lastOf(at))).toBe("3");
});

test.each([
  ["image alone", ["m=image 40002 udptl t38", "a=T38FaxVersion:0"]],
  ["audio refused beside it", ["m=audio 0 RTP/AVP 0", "m=image 40002 udptl t38"]],
])("a fax that wants T.38, %s: 488, and the call goes on with its audio (RFC 6913)", async (_name, lines) => {
  const at = await calling(sdp(1, plainLines));
  const before = await planOf(at);
  await reoffered(at, sdp(2, lines));
  expect(at.from.log.values.at(-1)).toEqual([488]);
  expect(await planOf(at)).toEqual(before);
  await reoffered(at, sdp(3, plainLines));
  expect(lastOf(at)).toContain("m=audio 20000 RTP/AVP 0 101");
});

test("audio and image: the audio is taken, and the image stays refused in what we offer later", async () => {
  const at = await calling(sdp(1, ["m=image 40002 udptl t38", "m=audio 40000 RTP/AVP 0 96", "a=rtpmap:96 telephone-event/8000"]));
  expect(lastOf(at)).toMatch(/m=image 0 udptl t38\r\nm=audio 20000 RTP\/AVP 0 96\r\n/);
  const { id, accountId } = await callNow(at);
  void at.house.calls.send(accountId, id, { kind: "hold", by: "u" });
  await at.clock.advanceAsync(300);
  // An offer of our own keeps the lines and the numbers of the answer before it.
  expect(lastOf(at)).toMatch(
    /m=image 0 udptl t38\r\nm=audio 20000 RTP\/AVP 0 111 9 8 96 110\r\n[^]*a=rtpmap:96 telephone-event\/8000\r\n[^]*a=sendonly\r\n$/,
  );
});

test("another codec of ours, and another port, by re-INVITE", async () => {
  const at = await calling(sdp(1, plainLines));
  await reoffered(at, sdp(2, ["m=audio 40010 RTP/AVP 8"]));
  const plan = await planOf(at);
  expect(plan).toMatchObject({ codec: "PCMA", payloadType: 8, remote: { port: 40_010, rtcpPort: 40_011 } });
  expect(plan).not.toHaveProperty("telephoneEvent");
});

test.each([
  ["SDES", ["m=audio 40000 RTP/SAVP 0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"]],
  ["DTLS", ["m=audio 9 UDP/TLS/RTP/SAVPF 111 0", "a=rtcp-mux", "a=setup:actpass", "a=ice-ufrag:abcd", "a=mid:0"]],
])("an offer of %s alone is refused with a reason (RFC 3261 §20.43), and no port is lost", async (_name, lines) => {
  const at = await calling(sdp(1, lines));
  expect(at.from.log.values.at(-1)).toMatchObject([{ status: 488 }]);
  const refused = at.network.seen.map(({ message }) => message).find((message) => message.kind === "response" && message.status === 488);
  expect(refused?.headers.get("Warning")).toBe('302 callwright "no audio stream without encryption"');
  expect(at.house.ports.free).toBe(200);
});

test("plain and encrypted side by side: the plain one is taken", async () => {
  const at = await calling(sdp(1, ["m=audio 40000 RTP/SAVP 0", "m=audio 40002 RTP/AVP 0"]));
  expect(lastOf(at)).toContain("m=audio 0 RTP/SAVP 0\r\nm=audio 20000 RTP/AVP 0\r\n");
  expect(await planOf(at)).toMatchObject({ remote: { port: 40_002 } });
});

test("RTCP on the port of RTP is agreed to when the peer asks, and offered again then (RFC 5761 §5.1)", async () => {
  const at = await calling(sdp(1, [...plainLines, "a=rtcp-mux"]));
  expect(lastOf(at)).toContain("a=rtcp-mux\r\n");
  expect(await planOf(at)).toMatchObject({ rtcpMux: true, remote: { port: 40_000, rtcpPort: 40_000 } });
  const { id, accountId } = await callNow(at);
  void at.house.calls.send(accountId, id, { kind: "hold", by: "u" });
  await at.clock.advanceAsync(300);
  expect(lastOf(at)).toContain("a=rtcp-mux\r\na=sendonly\r\n");
});

test("a callee that numbers otherwise gets its numbers and sends ours (§5.1, §6.1)", async () => {
  const lines = ["m=audio 40000 RTP/AVP 8 120", "a=rtpmap:120 telephone-event/8000"];
  const at = await scene(hello, { answersAfterMs: 100, answer: sdp(1, lines) });
  await addPhone(at.house, "anna");
  caller(at, "192.0.2.60", { to: "+12025550199", authorization: signedAs("anna") });
  await at.clock.advanceAsync(500);
  expect(at.house.media.plans.get((await callNow(at)).id)?.endpoints[1]).toMatchObject({
    codec: "PCMA",
    payloadType: 8,
    telephoneEvent: 120,
    receiveTelephoneEvent: 101,
  });
});
