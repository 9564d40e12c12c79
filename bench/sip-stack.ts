/**
 * The SIP stack alone, a process of its own: rings, answers every INVITE at once and takes BYE. Its parent reads its port from the first line on stdout and
 * its cost from /proc; it ends with its standard input.
 */
import { silentLogger, systemClock, systemIds } from "../src/kernel/index.ts";
import { openSipTransport, SipStack } from "../src/sip/index.ts";
import type { InviteEvents } from "../src/sip/index.ts";

const host = "127.0.0.1";
const clock = systemClock();
const ids = systemIds(clock);
const logger = silentLogger;
const transport = await openSipTransport({ host, port: 0, clock, logger });
const stack = new SipStack({ transport, clock, ids, logger, product: "bench" });

const sdp = [
  "v=0",
  `o=- 1 1 IN IP4 ${host}`,
  "s=-",
  `c=IN IP4 ${host}`,
  "t=0 0",
  "m=audio 20000 RTP/AVP 0",
  "a=rtpmap:0 PCMU/8000",
  "",
].join("\r\n");
const body = { contentType: "application/sdp", content: sdp };

const events: InviteEvents = {
  provisional: () => undefined,
  answered: () => undefined,
  challenged: () => undefined,
  failed: () => undefined,
  acknowledged: () => undefined,
  ackMissing: () => undefined,
  cancelled: (_reason, release) => release(),
  offered: (_offer, respond) => respond(200, body),
  sessionAccepted: () => undefined,
  sessionRefused: () => undefined,
  received: () => false,
  dialogChanged: () => undefined,
  alive: () => undefined,
  ended: (_ending, release) => release(),
};

stack.onInvite((transaction) => {
  const contact = stack.contactUri("bench", transaction.source);
  const usage = stack.acceptInvite(transaction, { localTag: ids.random(8), contact }, events);
  usage.ring(180);
  usage.answer(body);
});

process.stdin.resume();
process.stdin.once("end", () => {
  stack.close();
  void transport.close();
});
process.stdout.write(`${transport.port}\n`);
