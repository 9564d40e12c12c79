import { parseArgs } from "node:util";
import { systemClock } from "../src/kernel/index.ts";
import { MessageTrace } from "../src/sip/index.ts";
import type { SipMessage } from "../src/sip/message/message.ts";
import { parseMessage } from "../src/sip/message/parse-message.ts";
import type { MessageTap, SipTransport } from "../src/sip/transport/transport.ts";
import { positive } from "./options.ts";
import { conditions, progress } from "./setting.ts";

const us = { host: "192.0.2.1", port: 5060 };
const peer = { protocol: "udp", address: "192.0.2.9", port: 5060 } as const;
/** Of a plain call that we place and end. */
const words = ["> INVITE", "< 100", "< 180", "< 200", "> ACK", "> BYE", "< 200"] as const;
/** Calls whose messages come in turn, as at 2,500 calls a second that last a minute each some thousands do. */
const atOnce = 1000;

/** What recording one message costs the main thread, in the order of plain calls. Options: --calls. */
export async function benchTrace(args: readonly string[]): Promise<object> {
  const { values } = parseArgs({ args: [...args], options: { calls: { type: "string", default: "500000" } } });
  const calls = positive("calls", values.calls);
  const trace = new MessageTrace({ clock: systemClock(), memoryBytes: 64 * 1024 * 1024 });
  let tap: MessageTap | undefined;
  const transport: Pick<SipTransport, "tap" | "sentBy"> = { tap: (given) => void (tap = given), sentBy: () => us };
  trace.attach(transport as SipTransport);

  let messages = 0;
  let spentUs = 0;
  let bytes = 0;
  for (let made = 0; made < calls; made += atOnce) {
    const batch = Array.from({ length: atOnce }, (_call, index) => words.map((word) => messageOf(word, made + index)));
    const before = process.threadCpuUsage();
    for (let step = 0; step < words.length; step++) {
      for (const call of batch) {
        const one = call[step];
        if (one !== undefined) tap?.(one.direction, one.bytes, peer, one.direction === "sent" ? undefined : one.message);
      }
    }
    // The first half warms up.
    if (made < calls / 2) continue;
    const { user, system } = process.threadCpuUsage(before);
    spentUs += user + system;
    messages += atOnce * words.length;
    bytes += batch.flat().reduce((sum, one) => sum + one.bytes.length, 0);
  }
  const result = {
    microsecondsPerMessage: Number((spentUs / messages).toFixed(3)),
    bytesPerMessage: Math.round(bytes / messages),
    messages,
    forgotten: trace.counters.forgotten,
    ...conditions(),
  };
  progress(`${result.microsecondsPerMessage} µs a message of ${result.bytesPerMessage} bytes`);
  return result;
}

function messageOf(word: (typeof words)[number], call: number): { direction: "sent" | "received"; bytes: Buffer; message: SipMessage } {
  const [arrow, what = ""] = word.split(" ");
  const isRequest = /^[A-Z]/.test(what);
  const start = isRequest ? `${what} sip:+12025550100@192.0.2.9 SIP/2.0` : `SIP/2.0 ${what} Reason`;
  const text = [
    start,
    `Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK${call.toString(16).padStart(24, "0")};rport=5060;received=192.0.2.1`,
    `From: <sip:+18144043093@192.0.2.1>;tag=${call.toString(16).padStart(16, "0")}`,
    `To: <sip:+12025550100@192.0.2.9>;tag=${call.toString(36)}`,
    `Call-ID: ${call.toString(16).padStart(32, "0")}`,
    `CSeq: 1 ${isRequest ? what : "INVITE"}`,
    `Contact: <sip:${call.toString(16).padStart(24, "0")}@192.0.2.1:5060>`,
    "User-Agent: Callwright",
    ...(what === "INVITE" ? ["Content-Type: application/sdp", "", "v=0\r\n".repeat(60)] : ["Content-Length: 0", "", ""]),
  ].join("\r\n");
  const bytes = Buffer.from(text);
  const parsed = parseMessage(bytes);
  if (!parsed.ok) throw new Error(parsed.reason);
  return { direction: arrow === ">" ? "sent" : "received", bytes, message: parsed.value };
}
