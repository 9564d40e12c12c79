/** message/sipfrag (RFC 3420) as REFER uses it: how far the referred request has come, as a status line (RFC 3515 §2.4.5). */
import type { Body } from "../message/builder.ts";
import { reasonPhrase } from "../message/status.ts";

export function sipfragOf(status: number): Body {
  return { contentType: "message/sipfrag;version=2.0", content: `SIP/2.0 ${status} ${reasonPhrase(status)}\r\n` };
}

/** The status in the body of a NOTIFY; undefined when there is none to be read. */
export function statusOfSipfrag(body: Body | undefined): number | undefined {
  if (body === undefined || !/^\s*message\/sipfrag\s*(?:;|$)/i.test(body.contentType)) return undefined;
  const text = typeof body.content === "string" ? body.content : Buffer.from(body.content).toString();
  const status = /^SIP\/2\.0 +([1-6]\d\d)(?: |\r|\n|$)/i.exec(text)?.[1];
  return status === undefined ? undefined : Number(status);
}
