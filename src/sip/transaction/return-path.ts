/** How a response gets back by a reliable protocol: RFC 3261 §18.2.2, then RFC 3263 §5. */
import { isIP } from "node:net";
import type { Locator } from "../location/locator.ts";
import type { SipResponse } from "../message/message.ts";
import { parseVia } from "../message/via.ts";
import type { SipAddress, SipTransport } from "../transport/transport.ts";

/**
 * The transport tries the connection that the request came by, and the address that it came from. When neither is there any more and the sender named itself by a
 * host, that host's addresses are tried, one after the other. Not over WebSocket: only clients connect there.
 */
export function sendBack(
  transport: SipTransport,
  locator: Pick<Locator, "locate"> | undefined,
  { response, bytes, destination }: { readonly response: SipResponse; readonly bytes: Uint8Array; readonly destination: SipAddress },
  failed: (reason: string) => void,
): void {
  transport.send(response, destination, (reason) => {
    const via = parseVia(response.headers.get("Via") ?? "");
    const { protocol } = destination;
    const isNamed = via.ok && isIP(via.value.host) === 0 && (protocol === "tcp" || protocol === "tls");
    if (!isNamed || locator === undefined) return failed(reason);
    const { host, port } = via.value;
    locator.locate({ host, port, protocol }, (located) => {
      if (located.ok) sendToFirst(transport, bytes, located.addresses, failed);
      else failed(reason);
    });
  });
}

function sendToFirst(
  transport: SipTransport,
  bytes: Uint8Array,
  [address, ...others]: readonly SipAddress[],
  failed: (reason: string) => void,
): void {
  if (address === undefined) return;
  transport.sendBytes(bytes, address, (reason) => {
    if (others.length === 0) failed(reason);
    else sendToFirst(transport, bytes, others, failed);
  });
}
