import { afterAll, beforeAll, expect, test } from "vitest";
import { DnsServer } from "../support/dns-server.ts";
import { freePort } from "../support/free-ports.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { headerOf } from "../support/peers/sip-trace.ts";
import { Sipp } from "../support/peers/sipp.ts";
import { ServerProcess } from "../support/server-process.ts";
import { callEnded, nextNumber, placeCall, quiet, requestsReceived } from "./outgoing-calls.ts";

// A trunk whose servers stand in NAPTR and SRV records of a real name server: the first cannot be reached, the second takes the call.

let dns: DnsServer;
let server: ServerProcess;

beforeAll(async () => {
  dns = await DnsServer.open();
  server = await ServerProcess.start({ environment: { CALLWRIGHT_DNS_SERVERS: dns.address } });
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await dns?.close();
});

test.for([
  ["refuses the connection", "SIP+D2T", "_sip._tcp"],
  ["is silent", "SIP+D2U", "_sip._udp"],
] as const)("the first server %s: SIPp behind the second one is called", async ([_why, service, prefix], context) => {
  requireTools(context, "sipp");
  const number = nextNumber();
  const host = `carrier-${number.slice(1)}.example`;
  await using sipp = await Sipp.start({ scenario: "uas-answer-then-bye" });
  dns.add(
    host,
    { type: "NAPTR", order: 1, service, replacement: `${prefix}.first.${host}` },
    { type: "NAPTR", order: 2, service: "SIP+D2U", replacement: `_sip._udp.second.${host}` },
    { type: "A", address: "127.0.0.1" },
  );
  dns.add(`${prefix}.first.${host}`, { type: "SRV", port: await freePort(), name: host });
  dns.add(`_sip._udp.second.${host}`, { type: "SRV", port: sipp.port, name: host });
  await server.succeed("POST", "/v1/trunks", { name: host, host, prefixes: [number], priority: 1 });

  const id = await placeCall(server, number, quiet);
  const messages = await sipp.succeeded();
  expect(requestsReceived(messages).trim()).toBe("INVITE ACK");
  const invite = messages[0];
  expect(invite && headerOf(invite, "via")).toContain("SIP/2.0/UDP");
  expect(invite?.startLine).toBe(`INVITE sip:${number}@${host} SIP/2.0`);
  await callEnded(server, id);
});
