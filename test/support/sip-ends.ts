/** Two user agents on a virtual network, with events that are written down. */
import { silentLogger } from "../../src/kernel/index.ts";
import type { DialogValues } from "../../src/sip/dialog/dialog.ts";
import type { InviteEvents, InviteOptions } from "../../src/sip/dialog/invite-events.ts";
import type { InviteUsage } from "../../src/sip/dialog/invite-usage.ts";
import type { Body } from "../../src/sip/message/builder.ts";
import { SipStack, type SipStackOptions } from "../../src/sip/stack.ts";
import type { SipAddress, SipProtocol, SipTransport } from "../../src/sip/transport/transport.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { VirtualNetwork } from "./virtual-network.ts";

export type EventLog = { readonly events: InviteEvents; readonly names: string[]; readonly values: unknown[][]; readonly ends: string[] };

const terminal: ReadonlySet<string> = new Set(["challenged", "failed", "cancelled", "ended"]);

const released = (_why: unknown, release: () => void) => release();

/** Writes every event down; `react` overrides single ones, which are still written down. */
export function recorded(react: Partial<InviteEvents> = {}): EventLog {
  const names: string[] = [];
  const values: unknown[][] = [];
  const ends: string[] = [];
  const note = (name: string, args: unknown[]) => {
    names.push(name);
    values.push(args);
    if (terminal.has(name)) ends.push(name);
  };
  const events: InviteEvents = {
    provisional: (...args) => (note("provisional", args), react.provisional?.(...args)),
    progressed: (...args) => (note("progressed", args), react.progressed?.(...args)),
    answeredEarly: (...args) => (note("answeredEarly", args), react.answeredEarly?.(...args)),
    answered: (...args) => (note("answered", args), react.answered?.(...args)),
    challenged: (...args) => (note("challenged", args), react.challenged?.(...args)),
    failed: (...args) => (note("failed", args), react.failed?.(...args)),
    acknowledged: (...args) => (note("acknowledged", args), react.acknowledged?.(...args)),
    ackMissing: () => (note("ackMissing", []), react.ackMissing?.()),
    cancelled: (reason, release) => (note("cancelled", [reason]), (react.cancelled ?? released)(reason, release)),
    offered: (...args) => (note("offered", args), (react.offered ?? ((_offer, respond) => respond(200, sdp("answer"))))(...args)),
    sessionAccepted: (...args) => (note("sessionAccepted", args), react.sessionAccepted?.(...args)),
    sessionRefused: (...args) => (note("sessionRefused", args), react.sessionRefused?.(...args)),
    refreshDue: () => (note("refreshDue", []), react.refreshDue?.()),
    received: (...args) => (note("received", args), react.received?.(...args) ?? false),
    dialogChanged: (...args) => (note("dialogChanged", args), react.dialogChanged?.(...args)),
    alive: () => (note("alive", []), react.alive?.()),
    ended: (ending, release) => (note("ended", [ending]), (react.ended ?? released)(ending, release)),
  };
  return { events, names, values, ends };
}

export type UserAgent = { readonly stack: SipStack; readonly transport: SipTransport; readonly address: SipAddress };

export function userAgent(
  network: VirtualNetwork,
  clock: VirtualClock,
  address: string,
  protocol: SipProtocol = "udp",
  options: Partial<SipStackOptions> = {},
): UserAgent {
  const local: SipAddress = { protocol, address, port: 5060 };
  const transport = network.openSip(local);
  let drawn = 0;
  const ids = {
    next: () => (++drawn).toString(16).padStart(24, "0"),
    random: (bytes: number) =>
      (++drawn * 2_654_435_761)
        .toString(16)
        .padStart(bytes * 2, "0")
        .slice(0, bytes * 2),
  };
  const stack = new SipStack({ transport, clock, ids, logger: silentLogger, product: address, ...options });
  return { stack, transport, address: local };
}

export function sdp(text: string): Body {
  return { contentType: "application/sdp", content: `s=${text}` };
}

export function textOf(body: unknown): string {
  const content = (body as Body | undefined)?.content;
  return content === undefined ? "" : typeof content === "string" ? content : Buffer.from(content).toString();
}

export function inviteOptions(from: UserAgent, to: UserAgent, more: Partial<InviteOptions> = {}): InviteOptions {
  return {
    requestUri: `sip:bob@${to.address.address}`,
    from: "<sip:alice@example.org>",
    to: "<sip:bob@example.org>",
    callId: "call-1",
    localTag: "alice-tag",
    branch: "z9hG4bK-first",
    sequence: 1,
    contact: from.stack.contactUri("leg-a", to.address),
    destinations: [to.address],
    body: sdp("offer"),
    ...more,
  };
}

/** Sets a user agent up to take the next INVITE with `take`. */
export function accepting(agent: UserAgent, log: EventLog, take: (usage: InviteUsage) => void): { usage: () => InviteUsage } {
  let accepted: InviteUsage | undefined;
  agent.stack.onInvite((transaction) => {
    const contact = agent.stack.contactUri("leg-b", agent.address);
    accepted = agent.stack.acceptInvite(transaction, { localTag: "bob-tag", contact }, log.events);
    take(accepted);
  });
  return {
    usage: () => {
      if (accepted === undefined) throw new Error("no INVITE came");
      return accepted;
    },
  };
}

/** The values a log's last dialogChanged or answered brought. */
export function lastValues(log: EventLog): DialogValues {
  const index = log.names.findLastIndex((name) => name === "dialogChanged" || name === "answered");
  return log.values[index]?.at(log.names[index] === "answered" ? 1 : 0) as DialogValues;
}
