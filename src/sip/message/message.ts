/**
 * SIP requests and responses as plain values, RFC 3261 §7. Header values stay text until somebody asks for their meaning
 * (uri.ts, name-addr.ts, via.ts, …), so a message that is only passed on costs no parsing.
 */
import type { HeaderList } from "./header-list.ts";

export type SipRequest = {
  readonly kind: "request";
  readonly method: string;
  /** The Request-URI as it stood on the wire. */
  readonly uri: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
};

export type SipResponse = {
  readonly kind: "response";
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
};

export type SipMessage = SipRequest | SipResponse;
