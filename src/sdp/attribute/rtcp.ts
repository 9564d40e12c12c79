/** Where RTCP goes (RFC 3605, RFC 5761), what is reported in it early (RFC 4585 §4.2), and whose streams they are (RFC 5576 §4.1). */
import { attributeOf, type MediaDescription } from "../description/session-description.ts";

export type RtcpPort = { readonly port: number; readonly address?: string | undefined };

/** a=rtcp */
export function parseRtcpPort(value: string): RtcpPort | undefined {
  const [, port, address] = /^(\d{1,5})(?:\s+IN\s+IP[46]\s+(\S+))?$/.exec(value) ?? [];
  if (Number(port) > 65_535 || !(Number(port) > 0)) return undefined;
  return { port: Number(port), ...(address !== undefined && { address }) };
}

/** a=rtcp-mux: RTCP on the port of RTP, when both sides say so. */
export function hasRtcpMux(media: MediaDescription): boolean {
  return attributeOf(media.attributes, "rtcp-mux") !== undefined;
}

/** `payloadType` undefined means all of them. */
export type RtcpFeedback = { readonly payloadType: number | undefined; readonly kind: string; readonly parameters: readonly string[] };

/** a=rtcp-fb */
export function parseRtcpFeedback(value: string): RtcpFeedback | undefined {
  const [payloadType = "", kind, ...parameters] = value.split(/\s+/);
  if (kind === undefined || kind === "" || !/^(\d{1,3}|\*)$/.test(payloadType) || Number(payloadType) > 127) return undefined;
  return { payloadType: payloadType === "*" ? undefined : Number(payloadType), kind, parameters };
}

export type SourceAttribute = { readonly ssrc: number; readonly name: string; readonly value: string };

/** a=ssrc */
export function parseSourceAttribute(text: string): SourceAttribute | undefined {
  const [, ssrc, name, value = ""] = /^(\d{1,10})\s+([^\s:]+)(?::(.*))?$/.exec(text) ?? [];
  if (ssrc === undefined || name === undefined || Number(ssrc) > 0xffff_ffff) return undefined;
  return { ssrc: Number(ssrc), name, value };
}
