import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DnsServer } from "../support/dns-server.ts";
import { freePort } from "../support/free-ports.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { isInstalled } from "../../tools/interop-tools.ts";
import { Baresip } from "../support/peers/baresip.ts";
import { Kamailio } from "../support/peers/kamailio.ts";
import { headerOf, mediaDirection, type TracedMessage } from "../support/peers/sip-trace.ts";
import { Sipp, type SippScenario } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";
import { addPhone, ladder, saw } from "./call-flows.ts";
import { callEnded, changeCall, ownNumber, placeCall, quiet } from "./outgoing-calls.ts";

// Kamailio as the outbound proxy of a trunk, and as the way in: it records its route, so every later request of a call must find the way through it.

const owned = "+12125550143";

let dns: DnsServer;
let server: ServerProcess;
/** Started for as long as all tests take; strict: without lr in its Record-Route (RFC 2543). */
const proxies = new Map<"loose" | "strict", Kamailio>();

beforeAll(async () => {
  dns = await DnsServer.open();
  server = await ServerProcess.start({ legs: 60, environment: { CALLWRIGHT_DNS_SERVERS: dns.address } });
  if (!isInstalled("kamailio")) return;
  for (const routing of ["loose", "strict"] as const) {
    const kamailio = await Kamailio.start({ serverPort: server.sipPort, isStrict: routing === "strict" });
    proxies.set(routing, kamailio);
  }
  await ownNumber(server, owned, quiet);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  for (const kamailio of proxies.values()) await kamailio[Symbol.asyncDispose]();
  await dns?.close();
});

function proxy(routing: "loose" | "strict" = "loose"): Kamailio {
  const found = proxies.get(routing);
  if (found === undefined) throw new Error("Kamailio did not start");
  return found;
}

/** A far end behind the proxy; its number names its port. */
async function farEnd(scenario: SippScenario, kamailio: Kamailio): Promise<{ readonly sipp: Sipp; readonly number: string }> {
  const sipp = await Sipp.start({ scenario, keys: { user: "bob" } });
  const number = `+49301${sipp.port}`;
  await createTrunk(number, kamailio.port);
  return { sipp, number };
}

/** Calls to this number go to the proxy, and calls from it come by this trunk. */
async function createTrunk(number: string, port: number): Promise<void> {
  const trunk = { name: `to ${number}`, host: "127.0.0.1", port, transport: "udp", prefixes: [number], priority: 1, mediaToSource: true };
  await server.succeed("POST", "/v1/trunks", trunk);
}

/** What each request of the server names as its way, hop by hop. */
function routesOf(messages: readonly TracedMessage[], ...methods: readonly string[]): readonly string[] {
  return messages.filter(({ method }) => methods.includes(method ?? "")).map((message) => headerOf(message, "via"));
}

const all = { concurrent: true };

describe("through Kamailio", all, () => {
  test.for(["loose", "strict"] as const)(
    "%s: ACK, re-INVITE and BYE of a call that goes out take the recorded route",
    async (routing, context) => {
      requireTools(context, "sipp", "kamailio");
      const { sipp, number } = await farEnd("uas-answer", proxy(routing));
      await using atBob = sipp;
      const id = await placeCall(server, number, quiet);
      const acknowledged = (count: number) =>
        eventually(`${count} ACKs`, async () => (await atBob.messages()).filter(({ method }) => method === "ACK").length >= count);
      await acknowledged(1);
      await changeCall(server, id, "Hold");
      await acknowledged(2);
      await changeCall(server, id, "Connected");
      await acknowledged(3);
      await changeCall(server, id, "Disconnected");
      const messages = await atBob.succeeded();
      expect(ladder(messages)).toBe("<INVITE >180 >200 <ACK <INVITE >200 <ACK <INVITE >200 <ACK <BYE >200");
      expect(messages.filter(({ method }) => method === "INVITE").map(mediaDirection)).toEqual(["sendrecv", "sendonly", "sendrecv"]);
      // All came by the proxy: it has put its Via on top of ours.
      for (const via of routesOf(messages, "INVITE", "ACK", "BYE")) expect(via).toContain(`127.0.0.1:${proxy(routing).port}`);
      for (const message of messages.filter(({ direction }) => direction === "received")) {
        expect(message.headers.get("via")).toHaveLength(2);
        if (message !== messages[0]) expect(message.startLine).toContain(` sip:127.0.0.1:${sipp.port};transport=UDP `);
      }
      expect((await callEnded(server, id)).ended).toBe(true);
    },
  );

  test.for(["loose", "strict"] as const)("%s: the far end hangs up through the proxy", async (routing, context) => {
    requireTools(context, "sipp", "kamailio");
    const { sipp, number } = await farEnd("rfc3665/bob-hangs-up", proxy(routing));
    await using atBob = sipp;
    const id = await placeCall(server, number, quiet);
    expect(ladder(await atBob.succeeded())).toBe("<INVITE >180 >200 <ACK >BYE <200");
    expect((await callEnded(server, id)).callState).toBe("Disconnected");
  });

  test("CANCEL goes by the way of the INVITE", async (context) => {
    requireTools(context, "sipp", "kamailio");
    const { sipp, number } = await farEnd("rfc3665/bob-is-cancelled", proxy());
    await using atBob = sipp;
    const id = await placeCall(server, number, quiet);
    await atBob.waitForMessage("180", ({ status }) => status === 180);
    await changeCall(server, id, "Disconnected");
    expect(ladder(await atBob.succeeded())).toBe("<INVITE >180 <CANCEL >200 >487 <ACK");
    await callEnded(server, id);
  });

  test("the proxy is out of service (503): the next server of the trunk's host takes the call", async (context) => {
    requireTools(context, "sipp", "kamailio");
    const number = `+49303${await freePort()}`;
    await using atBob = await Sipp.start({ scenario: "rfc3665/bob-hangs-up", keys: { user: "bob" } });
    const host = "two-proxies.example";
    dns.add(host, { type: "NAPTR", order: 1, service: "SIP+D2U", replacement: `_sip._udp.${host}` }, { type: "A", address: "127.0.0.1" });
    dns.add(
      `_sip._udp.${host}`,
      { type: "SRV", priority: 1, port: proxy().port, name: host },
      { type: "SRV", priority: 2, port: atBob.port, name: host },
    );
    await server.succeed("POST", "/v1/trunks", { name: host, host, prefixes: [number], priority: 1 });
    const id = await placeCall(server, number, quiet);
    await saw(atBob, "<INVITE >180 >200 <ACK >BYE <200");
    expect((await callEnded(server, id)).callState).toBe("Disconnected");
  });

  test("two far ends ring at once, and the first answer cancels the other", async (context) => {
    requireTools(context, "sipp", "kamailio");
    const { first, second, number } = await twoFarEnds("rfc3665/bob-hangs-up", "rfc3665/bob-is-cancelled");
    await using atFirst = first;
    await using atSecond = second;
    const id = await placeCall(server, number, quiet);
    expect(ladder(await atFirst.succeeded())).toBe("<INVITE >180 >200 <ACK >BYE <200");
    expect(ladder(await atSecond.succeeded())).toBe("<INVITE >180 <CANCEL >200 >487 <ACK");
    await callEnded(server, id);
  });

  test("both answer: each is acknowledged, the later one gets BYE (RFC 3261 §13.2.2.4)", async (context) => {
    requireTools(context, "sipp", "kamailio");
    const { first, second, number } = await twoFarEnds("rfc3665/bob-hangs-up-after-2-s", "proxy/answers-when-cancelled");
    await using atFirst = first;
    await using atSecond = second;
    const id = await placeCall(server, number, quiet);
    const [atOne, atOther] = [await atFirst.succeeded(), await atSecond.succeeded()];
    expect(ladder(atOne)).toBe("<INVITE >180 >200 <ACK >BYE <200");
    expect(ladder(atOther)).toBe("<INVITE >180 <CANCEL >200 >200 <ACK <BYE >200");
    // One INVITE of the server, two dialogs by the tag of who answered.
    const [one, other] = [atOne[0], atOther[0]].map((message) => message && [headerOf(message, "call-id"), headerOf(message, "from")]);
    expect(one).toEqual(other);
    expect((await callEnded(server, id)).callState).toBe("Disconnected");
  });

  test.for(["loose", "strict"] as const)(
    "%s: a call that comes in by the proxy is held, resumed and hung up through it",
    async (routing, context) => {
      requireTools(context, "sipp", "kamailio");
      await usesTrunk();
      await using atAlice = await Sipp.start({
        scenario: "proxy/caller-is-held",
        target: { port: proxy(routing).port, user: owned },
        keys: { user: `alice-${routing}` },
      });
      await atAlice.waitForMessage("ACK", ({ method }) => method === "ACK");
      const id = await eventually("the call", async () => {
        const { items } = (await server.succeed("GET", "/v1/calls?live=true")).json() as { items: readonly { id: string; from: string }[] };
        return items.find(({ from }) => from === `alice-${routing}`)?.id;
      });
      await server.succeed("POST", `/v1/calls/${id}/hold`, {});
      await atAlice.waitForMessage("hold", (message) => message.direction === "received" && mediaDirection(message) === "sendonly");
      await atAlice.waitForMessage("its ACK", ({ direction, method }) => direction === "received" && method === "ACK");
      await server.succeed("POST", `/v1/calls/${id}/hang-up`, {});
      const messages = await atAlice.succeeded();
      expect(ladder(messages)).toBe(">INVITE <200 >ACK <INVITE >200 <ACK <BYE >200");
      for (const via of routesOf(messages, "INVITE", "BYE").slice(1)) expect(via).toContain(`127.0.0.1:${proxy(routing).port}`);
    },
  );

  test.for(["loose", "strict"] as const)(
    "%s: baresip behind it signs in, calls, holds, is called and hung up",
    async (routing, context) => {
      requireTools(context, "baresip", "kamailio", "sipp");
      const account = await addPhone(server, `behind-${routing}`);
      await using phone = await Baresip.start({ account: { ...account, port: server.sipPort, proxyPort: proxy(routing).port } });
      await phone.registered();
      const { sipp, number } = await farEnd("uas-answer", proxy(routing));
      await using atBob = sipp;
      await phone.call(`sip:${number}@127.0.0.1:${server.sipPort}`);
      await phone.hold();
      await phone.resume();
      await phone.hangUp();
      await atBob.succeeded();

      const other = await farEnd("uas-answer", proxy(routing));
      await using atOther = other.sipp;
      const id = await placeCall(server, other.number, { start: "dial", nodes: { dial: { verb: "dial", to: account.username } } });
      await eventually("the second answer", () => phone.events.filter(({ type }) => type === "CALL_ESTABLISHED").length === 2);
      await changeCall(server, id, "Disconnected");
      await eventually("the second end", () => phone.events.filter(({ type }) => type === "CALL_CLOSED").length === 2);
      await atOther.succeeded();
      const trace = await server.succeed("GET", `/v1/calls/${id}/trace.txt`);
      expect(trace.text).toContain(`127.0.0.1:${proxy(routing).port}`);
    },
  );
});

let trunk: Promise<unknown> | undefined;

/** Calls from loopback come by a trunk; made once. */
function usesTrunk(): Promise<unknown> {
  const settings = {
    name: "carrier",
    host: "127.0.0.1",
    port: 5999,
    transport: "udp",
    prefixes: [],
    priority: 50,
    sourceAddresses: ["127.0.0.1"],
  };
  trunk ??= server.succeed("POST", "/v1/trunks", settings);
  return trunk;
}

/** Two far ends that the proxy calls at once. */
async function twoFarEnds(one: SippScenario, other: SippScenario) {
  const first = await Sipp.start({ scenario: one, keys: { user: "bob" } });
  const second = await Sipp.start({ scenario: other, keys: { user: "carol" } });
  const number = `+49302${first.port}${second.port}`;
  await createTrunk(number, proxy().port);
  return { first, second, number };
}
