import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { envelopeCorrelation, heardFrom } from "../support/audio/energy-envelope.ts";
import { speak } from "../support/audio/flite.ts";
import { Baresip } from "../support/peers/baresip.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { Linphone } from "../support/peers/linphone.ts";
import type { PhoneAccount } from "../support/peers/phone.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually, memberOf } from "../support/waiting.ts";

// A real phone hands its talk to somebody by its own transfer key.

const sentence = "This sentence travels from one telephone to the other one.";

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

/** Before it anna is still being hung up. */
function afterASecond(speech: Int16Array): Int16Array {
  const samples = new Int16Array(8000 + speech.length);
  samples.set(speech, 8000);
  return samples;
}

/** A user with a phone of that name. */
async function addPhone(username: string): Promise<PhoneAccount> {
  const phone = { username, password: `the-password-of-${username}` };
  const user = { email: `${username}@example.test`, password: "a-good-password", roles: ["user"], phone };
  await server.succeed("POST", "/v1/users", user);
  return { ...phone, port: server.sipPort };
}

function sipUri(user: string): string {
  return `sip:${user}@127.0.0.1:${server.sipPort}`;
}

/** The states of the parties of the only live call, by the names of their users' phones. */
async function partyStates(): Promise<readonly unknown[]> {
  const list = (await server.succeed("GET", "/v1/calls?live=true")).json();
  const items = memberOf(list, "items");
  const parties = memberOf(Array.isArray(items) ? items[0] : undefined, "parties");
  return Array.isArray(parties) ? parties.map((party) => memberOf(party, "state")) : [];
}

test("baresip transfers blind: the others talk, and it is hung up", { timeout: 60_000 }, async (context) => {
  requireTools(context, "baresip", "linphonec");
  const speech = await speak(sentence);
  await using anna = await Baresip.start({ account: await addPhone("anna") });
  await using bea = await Linphone.start({ account: await addPhone("bea") });
  await using carl = await Baresip.start({ account: await addPhone("carl"), says: afterASecond(speech) });
  await Promise.all([anna.registered(), bea.registered(), carl.registered()]);

  await anna.call(sipUri("bea"));
  await bea.answered();
  await anna.transfer(sipUri("carl"));
  await carl.answered();
  await anna.ended();
  await eventually("the others talk", async () => (await partyStates()).join(" ") === "left active active");
  // The sentence lasts 4 s, and a phone's recording is complete when its call has ended.
  await delay(6_000);
  await bea.hangUp();
  await carl.ended();
  expect(envelopeCorrelation(await bea.recording(), speech)).toBeGreaterThanOrEqual(heardFrom);
});

test("linphonec transfers attended: its two calls become one", { timeout: 60_000 }, async (context) => {
  requireTools(context, "baresip", "linphonec");
  await using dora = await Linphone.start({ account: await addPhone("dora") });
  await using emil = await Baresip.start({ account: await addPhone("emil") });
  await using fred = await Baresip.start({ account: await addPhone("fred") });
  await Promise.all([dora.registered(), emil.registered(), fred.registered()]);

  await dora.call(sipUri("emil"));
  await emil.answered();
  await dora.hold();
  await dora.callAsWell(sipUri("fred"));
  await fred.answered();
  await dora.transferFirstToSecond();
  await dora.ended();
  await eventually("the others talk", async () => (await partyStates()).join(" ") === "left active active");
  const all = memberOf((await server.succeed("GET", "/v1/calls")).json(), "items");
  expect(Array.isArray(all) && all.some((call) => memberOf(call, "absorbedBy") !== null)).toBe(true);
  await emil.hangUp();
  await fred.ended();
});
