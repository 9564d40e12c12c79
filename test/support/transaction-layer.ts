/** A transaction layer over a transport that only writes down, for tests of single machines. */
import { requestOf } from "../../src/sip/message/builder.ts";
import { parseMessage } from "../../src/sip/message/parse-message.ts";
import { formatMessage } from "../../src/sip/message/format-message.ts";
import type { SipMessage, SipRequest } from "../../src/sip/message/message.ts";
import { standardTimers } from "../../src/sip/transaction/timers.ts";
import { TransactionLayer } from "../../src/sip/transaction/transaction-layer.ts";
import type { SipTransport } from "../../src/sip/transport/transport.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export function layerUnderTest(clock: VirtualClock) {
  const startMs = clock.now();
  /** `"500 INVITE"`: when, since the start, and what. */
  const sent: string[] = [];
  const passed: string[] = [];
  let lastFailed: ((reason: string) => void) | undefined;
  const sendBytes: SipTransport["sendBytes"] = (bytes, _destination, failed) => {
    const parsed = parseMessage(bytes);
    sent.push(`${clock.now() - startMs} ${parsed.ok ? nameOf(parsed.value) : "unreadable"}`);
    lastFailed = failed;
  };
  const transport: SipTransport & { failLast(reason: string): void } = {
    send: (message, destination, failed) => sendBytes(formatMessage(message), destination, failed),
    sendBytes,
    sentBy: () => ({ host: "192.0.2.1", port: 5060 }),
    onMessage: () => undefined,
    tap: () => undefined,
    close: async () => undefined,
    failLast: (reason) => {
      const failed = lastFailed;
      lastFailed = undefined;
      failed?.(reason);
    },
  };
  const layer = new TransactionLayer(transport, clock, standardTimers, {
    request: (request) => void passed.push(request.method),
    acknowledgement: () => void passed.push("ACK"),
    straySuccess: () => undefined,
    success: (response) => void passed.push(String(response.status)),
    answerCancel: (_cancel, _source, status) => void passed.push(`CANCEL ${status}`),
  });
  return { layer, transport, sent, passed };
}

export function requestFor(method: string, branch = "z9hG4bKtest", sentByPort = 5060): SipRequest {
  return requestOf({
    method,
    uri: "sip:bob@192.0.2.2",
    via: `SIP/2.0/UDP 192.0.2.2:${sentByPort};branch=${branch};rport`,
    from: "<sip:alice@example.org>;tag=a",
    to: "<sip:bob@example.org>",
    callId: "c",
    sequence: 1,
  });
}

function nameOf(message: SipMessage): string {
  return message.kind === "request" ? message.method : String(message.status);
}
