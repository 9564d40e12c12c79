import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { responseTo } from "../message/builder.ts";
import type { SipMessage } from "../message/message.ts";
import type { SipAddress, SipProtocol } from "../transport/transport.ts";
import { inviteClientTable } from "./invite-client.ts";
import { inviteServerTable } from "./invite-server.ts";
import { nonInviteClientTable } from "./non-invite-client.ts";
import { nonInviteServerTable } from "./non-invite-server.ts";
import { layerUnderTest, requestFor } from "../../../test/support/transaction-layer.ts";

const tables = { inviteClientTable, inviteServerTable, nonInviteClientTable, nonInviteServerTable };

describe.each(Object.entries(tables))(
  "%s",
  (_name, table: Readonly<Record<string, Readonly<Record<string, readonly string[] | undefined>>>>) => {
    test("leads from every state to terminated by timers alone, or by an answer of the user", () => {
      const ends = (state: string, seen: readonly string[] = []): boolean =>
        state === "terminated" ||
        Object.entries(table[state] ?? {}).some(([event, row]) => {
          const next = row?.[0] ?? state;
          const isOurs = event.startsWith("timer") || ["final", "failure", "success", "abandoned"].includes(event);
          return isOurs && !seen.includes(next) && next !== state && ends(next, [...seen, state]);
        });
      for (const state of Object.keys(table)) expect(ends(state), state).toBe(true);
    });

    test("never leaves terminated, and forgets on every way into it", () => {
      expect(table["terminated"]).toEqual({});
      for (const rows of Object.values(table)) {
        for (const row of Object.values(rows)) if (row?.[0] === "terminated") expect(row).toContain("forget");
      }
    });
  },
);

const source: SipAddress = { protocol: "udp", address: "192.0.2.2", port: 5060 };

type Step = { readonly what: "message" | "answer" | "wait" | "fail"; readonly value: number };
const steps = fc.array(
  fc.record<Step>({
    what: fc.constantFrom("message" as const, "answer" as const, "wait" as const, "fail" as const),
    value: fc.oneof(fc.constantFrom(100, 180, 200, 404), fc.nat(40_000)),
  }),
  { maxLength: 20 },
);
const protocols = fc.constantFrom<SipProtocol>("udp", "tcp");
const statusOf = (value: number) => ([100, 180, 200, 404].includes(value) ? value : 200 + (value % 500));

test.each(["INVITE", "BYE"])("client %s: any events in any order end it, and the user hears one end", (method) => {
  fc.assert(
    fc.property(steps, protocols, (list, protocol) => {
      const clock = new VirtualClock();
      const { layer, transport } = layerUnderTest(clock);
      const request = requestFor(method);
      const finals: number[] = [];
      const events = {
        response: ({ status }: { status: number }) => {
          if (status >= 200) finals.push(status);
        },
        failed: ({ status }: { status: number }) => finals.push(status),
      };
      const transaction =
        method === "INVITE"
          ? layer.invite(request, { ...source, protocol }, events)
          : layer.request(request, { ...source, protocol }, events);
      for (const { what, value } of list) {
        if (what === "wait") clock.advance(value);
        else if (what === "fail") transport.failLast("refused");
        else layer.receive(responseTo(request, statusOf(value), { toTag: "x" }), source);
      }
      // A provisional answer stops timer B of an INVITE: only the user or the peer ends it then.
      if (method === "INVITE" && transaction.state === "proceeding") layer.receive(responseTo(request, 404, { toTag: "x" }), source);
      clock.advance(100_000);
      expect(finals).toHaveLength(1);
      expect(layer.counters()).toMatchObject({ live: 0, lingering: 0 });
      expect(clock.armed).toBe(0);
    }),
  );
});

test.each(["INVITE", "OPTIONS"])("server %s: any events in any order end it once it is answered", (method) => {
  fc.assert(
    fc.property(steps, protocols, (list, protocol) => {
      const clock = new VirtualClock();
      const { layer, transport } = layerUnderTest(clock);
      const request = requestFor(method);
      const from = { ...source, protocol };
      const transaction = method === "INVITE" ? layer.openInvite(request, from) : layer.open(request, from);
      const peer: SipMessage[] = method === "INVITE" ? [request, requestFor("ACK"), requestFor("CANCEL")] : [request];
      for (const { what, value } of list) {
        if (what === "wait") clock.advance(value);
        else if (what === "fail") transport.failLast("refused");
        else if (what === "answer") transaction.respond(responseTo(request, statusOf(value), { toTag: "x" }));
        else layer.receive(peer[value % peer.length] ?? request, from);
      }
      transaction.respond(responseTo(request, 486, { toTag: "x" }));
      clock.advance(100_000);
      expect(layer.counters()).toMatchObject({ live: 0, lingering: 0 });
      expect(clock.armed).toBe(0);
    }),
  );
});
