import { expect, test } from "vitest";
import { accepting, inviteOptions, recorded, sdp, type UserAgent, userAgent } from "../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../test/support/virtual-network.ts";
import type { SipAddresses } from "../location/locator.ts";
import { responseTo } from "../message/builder.ts";
import type { SipRequest } from "../message/message.ts";
import type { SipAddress, SipProtocol } from "../transport/transport.ts";

const first = "192.0.2.2";
const second = "192.0.2.3";

function setUp(protocol: SipProtocol = "udp") {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1, minDelayMs: 5 });
  const avoided: (readonly [string, number | undefined])[] = [];
  const locator = { locate: () => undefined, avoid: ({ address }: SipAddress, forMs?: number) => void avoided.push([address, forMs]) };
  const alice = userAgent(network, clock, "192.0.2.1", protocol, { locator });
  const at = (address: string): SipAddress => ({ protocol, address, port: 5060 });
  const log = recorded();
  const invite = (...addresses: readonly string[]) => {
    const destinations = addresses.map(at) as unknown as SipAddresses;
    return alice.stack.invite({ ...inviteOptions(alice, { ...alice, address: at(first) }), destinations }, log.events);
  };
  return { clock, network, alice, avoided, log, invite, at };
}

type Setting = ReturnType<typeof setUp>;

/** A server that answers INVITE with this status. */
function refusing(
  { network, alice, at }: Setting,
  address: string,
  status: number,
  headers: readonly (readonly [string, string])[] = [],
): void {
  const transport = network.openSip(at(address));
  transport.onMessage((message) => {
    if (message.kind === "request" && message.method === "INVITE")
      transport.send(responseTo(message, status, { toTag: address, headers }), alice.address);
  });
}

function answering({ network, clock, at }: Setting, address: string): UserAgent {
  const agent = userAgent(network, clock, address, at(address).protocol);
  accepting(agent, recorded(), (usage) => {
    usage.ring(180);
    usage.answer(sdp("answer"));
  });
  return agent;
}

/** Requests of Alice, one for each transaction, as `method address`. */
function sent({ network, alice }: Setting): readonly string[] {
  const seen = new Map<string, string>();
  for (const { message, from, to } of network.seen) {
    if (message.kind === "request" && from === `${alice.address.address}:5060`)
      seen.set(`${message.method} ${message.headers.get("Via")}`, `${message.method} ${to.split(":")[0]}`);
  }
  return [...seen.values()];
}

function invites({ network }: Setting): readonly SipRequest[] {
  const all = network.seen.flatMap(({ message }) => (message.kind === "request" && message.method === "INVITE" ? message : []));
  return [...new Map(all.map((request) => [request.headers.get("Via"), request])).values()];
}

function viaOf(request: SipRequest | undefined): string | undefined {
  return request?.headers.get("Via");
}

function withoutVia(request: SipRequest | undefined): readonly (readonly [string, string])[] {
  return [...(request?.headers ?? [])].filter(([name]) => name !== "Via");
}

test("a silent address is given up after 8*T1, and the next one is asked by the same INVITE with another branch (RFC 3263 §4.3)", () => {
  const setting = setUp();
  answering(setting, second);
  const call = setting.invite(first, second);
  setting.clock.advance(3_999);
  expect(sent(setting)).toEqual([`INVITE ${first}`]);
  setting.clock.advance(1_000);
  expect(sent(setting)).toEqual([`INVITE ${first}`, `INVITE ${second}`, `ACK ${second}`]);
  expect(call.phase).toBe("confirmed");
  const [one, two] = invites(setting);
  expect(withoutVia(two)).toEqual(withoutVia(one));
  expect(viaOf(one)).not.toBe(viaOf(two));
  expect(setting.avoided).toEqual([[first, undefined]]);
  // Nothing is repeated to the one that was given up.
  const before = setting.network.seen.length;
  setting.clock.advance(28_000);
  expect(setting.network.seen.slice(before).filter(({ to }) => to === `${first}:5060`)).toEqual([]);
  call.bye();
  setting.clock.advance(70_000);
  expect(setting.alice.stack.counters()).toMatchObject({ live: 0, lingering: 0, usages: 0 });
  expect(setting.clock.armed).toBe(0);
});

test("an address that cannot be reached is passed over at once", () => {
  const setting = setUp("tcp");
  answering(setting, second);
  const call = setting.invite(first, second);
  setting.clock.advance(100);
  expect(call.phase).toBe("confirmed");
  expect(setting.avoided).toEqual([[first, undefined]]);
});

test.each([
  ["without Retry-After", [], undefined],
  ["with Retry-After", [["Retry-After", "120 (maintenance)"]], 120_000],
] as const)("503 %s leads to the next address, and others come before that one for a while (RFC 3261 §21.5.4)", (_name, headers, forMs) => {
  const setting = setUp();
  refusing(setting, first, 503, headers);
  answering(setting, second);
  const call = setting.invite(first, second);
  setting.clock.advance(100);
  expect(sent(setting)).toEqual([`INVITE ${first}`, `ACK ${first}`, `INVITE ${second}`, `ACK ${second}`]);
  expect(call.phase).toBe("confirmed");
  expect(setting.log.names).not.toContain("failed");
  expect(setting.avoided).toEqual([[first, forMs]]);
});

test.each([486, 404, 500, 603])("%i decides: no other address is tried", (status) => {
  const setting = setUp();
  refusing(setting, first, status);
  answering(setting, second);
  setting.invite(first, second);
  setting.clock.advance(40_000);
  expect(sent(setting)).toEqual([`INVITE ${first}`, `ACK ${first}`]);
  expect(setting.log.values.at(-1)?.[0]).toMatchObject({ status, cause: "response" });
  expect(setting.avoided).toEqual([]);
});

test("an address that has answered provisionally is waited for", () => {
  const setting = setUp();
  const bob = userAgent(setting.network, setting.clock, first);
  accepting(bob, recorded(), (usage) => usage.ring(180));
  setting.invite(first, second);
  setting.clock.advance(60_000);
  expect(sent(setting)).toEqual([`INVITE ${first}`]);
});

test("when all fail the failure says what was tried, and the last one had the whole of timer B (RFC 3261 §17.1.1.2)", () => {
  const setting = setUp();
  setting.invite(first, second);
  setting.clock.advance(4_000 + 31_999);
  expect(setting.log.ends).toEqual([]);
  setting.clock.advance(1);
  expect(setting.log.values).toEqual([[{ status: 408, cause: "timeout", tried: [setting.at(first), setting.at(second)] }]]);
  expect(setting.clock.armed).toBe(0);
});

test("CANCEL goes to the address at hand, and no other one is tried after it", () => {
  const setting = setUp();
  const third = userAgent(setting.network, setting.clock, "192.0.2.4");
  const bob = userAgent(setting.network, setting.clock, second);
  accepting(bob, recorded(), (usage) => usage.ring(180));
  accepting(third, recorded(), (usage) => usage.ring(180));
  const call = setting.invite(first, second, "192.0.2.4");
  setting.clock.advance(4_100);
  call.bye();
  setting.clock.advance(40_000);
  expect(sent(setting)).toEqual([`INVITE ${first}`, `INVITE ${second}`, `CANCEL ${second}`, `ACK ${second}`]);
  expect(setting.log.values.at(-1)?.[0]).toMatchObject({ status: 487, cause: "response" });
});

test("a cancelled INVITE that stays silent is not sent elsewhere", () => {
  const setting = setUp();
  answering(setting, second);
  const call = setting.invite(first, second);
  setting.clock.advance(1_000);
  call.bye();
  setting.clock.advance(31_000);
  expect(sent(setting)).toEqual([`INVITE ${first}`]);
  expect(setting.log.ends).toEqual(["failed"]);
});

test("a late 2xx of an address that was given up gets ACK and BYE (RFC 3261 §13.2.2.4)", () => {
  const setting = setUp();
  const late = setting.network.openSip(setting.at(first));
  late.onMessage((message) => {
    if (message.kind !== "request" || message.method === "ACK") return;
    const response = responseTo(message, 200, { toTag: "late", contact: `<sip:late@${first}>` });
    if (message.method === "BYE") late.send(response, setting.alice.address);
    else if (setting.clock.monotonicMs() < 10) setting.clock.after(5_000, () => late.send(response, setting.alice.address));
  });
  answering(setting, second);
  const call = setting.invite(first, second);
  setting.clock.advance(6_000);
  expect(sent(setting)).toEqual([`INVITE ${first}`, `INVITE ${second}`, `ACK ${second}`, `ACK ${first}`, `BYE ${first}`]);
  expect(call.phase).toBe("confirmed");
  expect(setting.log.names.filter((name) => name === "answered").length).toBe(1);
});

test("an address that wakes up after it was given up is cancelled, with its own branch", () => {
  const setting = setUp();
  const bob = userAgent(setting.network, setting.clock, first);
  const b = recorded();
  setting.network.lose = (message) => message.kind === "response" && setting.clock.monotonicMs() < 4_200;
  accepting(bob, b, (usage) => void setting.clock.after(4_300, () => usage.ring(180)));
  answering(setting, second);
  setting.invite(first, second);
  setting.clock.advance(10_000);
  expect(sent(setting)).toContain(`CANCEL ${first}`);
  expect(b.names).toEqual(["cancelled"]);
});

function contactAt({ address }: SipAddress): string {
  return `sip:us@for-${address}`;
}

test("Contact is what the address at hand reaches us by, and the dialog keeps it", () => {
  const setting = setUp();
  answering(setting, second);
  const { at, alice, log } = setting;
  const destinations = [at(first), at(second)] as const;
  const call = alice.stack.invite({ ...inviteOptions(alice, alice), contact: contactAt(at(first)), contactAt, destinations }, log.events);
  setting.clock.advance(4_100);
  const contacts = invites(setting).map(({ headers }) => headers.get("Contact"));
  expect(contacts).toEqual([`<sip:us@for-${first}>`, `<sip:us@for-${second}>`]);
  expect(call.dialog?.localContact).toBe(`sip:us@for-${second}`);
});

test("each address sees the same bytes again, whichever comes first after a restart", () => {
  const [before, after] = [setUp(), setUp()];
  before.invite(first, second);
  before.clock.advance(4_000);
  after.invite(second, first);
  expect(viaOf(invites(after)[0])).toBe(viaOf(invites(before)[1]));
});

test("closing the stack leaves no timer of an address that was given up", () => {
  const setting = setUp();
  setting.invite(first, second);
  setting.clock.advance(5_000);
  setting.alice.stack.close();
  expect(setting.clock.armed).toBe(0);
});
