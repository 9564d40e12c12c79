/** What a call said over SIP, in the native API. Secrets and digits in it are masked by x, one for each character. */

export type CallTraceView = {
  readonly callId: string;
  /** Whether it stays when the memory for messages has gone on to newer ones: not; yes, and it is completed when the call ends; yes. */
  readonly keeping: "no" | "until-its-end" | "yes";
  /** In order of time; empty when nothing is remembered. */
  readonly messages: readonly TraceMessageView[];
};

export type TraceMessageView = {
  readonly at: string;
  /** Since the first message. */
  readonly sinceMs: number;
  readonly direction: "sent" | "received";
  readonly protocol: "udp" | "tcp" | "tls" | "ws" | "wss";
  readonly from: TraceEndpointView;
  readonly to: TraceEndpointView;
  /** Of a response, the method of the request it answers. */
  readonly method: string;
  /** null for a request. */
  readonly status: number | null;
  readonly reason: string | null;
  readonly sipCallId: string;
  readonly legId: string;
  /** Index of the earlier message of which this is a repeat, byte for byte. */
  readonly repeatOf: number | null;
  readonly text: string;
};

export type TraceEndpointView = { readonly address: string; readonly port: number };
