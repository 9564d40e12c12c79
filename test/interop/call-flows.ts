import { expect } from "vitest";
import { breachesOf } from "../support/peers/message-rules.ts";
import { Sipp, type SippOptions, type SippScenario } from "../support/peers/sipp.ts";
import { type TracedMessage, withoutRetransmissions } from "../support/peers/sip-trace.ts";
import type { ServerProcess } from "../support/server-process.ts";
import { nextNumber } from "./outgoing-calls.ts";

// What the tests of call flows share: SIPp as the phones Alice and Bob of one server, and how what was on the wire is compared with an RFC's ladder.

export type Credentials = { readonly username: string; readonly password: string };

let phones = 0;

/** A user with a phone of that name, and a number behind it where nobody else has one. */
export async function addPhone(server: ServerProcess, name: string): Promise<Credentials> {
  phones += 1;
  const phone = { username: `${name}-${phones}`, password: `the-password-of-${name}` };
  await server.succeed("POST", "/v1/users", {
    email: `${phone.username}@example.test`,
    password: "a-good-password",
    roles: ["user"],
    phone,
  });
  return phone;
}

/** SIPp as a phone with an account. */
export async function startPhone(
  credentials: Credentials,
  options: Omit<SippOptions, "credentials"> & { scenario: SippScenario },
): Promise<Sipp> {
  return await Sipp.start({ ...options, credentials, keys: { user: credentials.username, ...options.keys } });
}

/** SIPp as a far end behind a trunk of its own; the number leads to it. */
export async function startFarEnd(
  server: ServerProcess,
  options: SippOptions,
  trunk: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly sipp: Sipp; readonly number: string }> {
  const number = nextNumber();
  const sipp = await Sipp.start({ ...options, keys: { user: "bob", ...options.keys } });
  const fixed = { name: `to ${number}`, host: "127.0.0.1", transport: "udp", prefixes: [number], priority: 1, mediaToSource: true };
  await server.succeed("POST", "/v1/trunks", { ...fixed, port: sipp.port, ...trunk });
  return { sipp, number };
}

/**
 * What one peer saw, each message once and 100 left out, as it may be lost or never sent: `>INVITE` it sent, `<180` it received. A second or later of the
 * same kind in a row counts.
 */
export function ladder(messages: readonly TracedMessage[]): string {
  return withoutRetransmissions(messages)
    .filter(({ status }) => status !== 100)
    .map(({ direction, method, status }) => `${direction === "sent" ? ">" : "<"}${method ?? status}`)
    .join(" ");
}

/** The scenario ended well, its ladder is this one, and each message of the server was as RFC 3261 wants it. */
export async function saw(sipp: Sipp, expected: string): Promise<readonly TracedMessage[]> {
  const messages = await sipp.succeeded();
  expect(ladder(messages)).toBe(expected);
  expect(breachesOf(messages)).toEqual([]);
  return messages;
}
