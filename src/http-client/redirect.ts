import { type OutgoingRequest, targetOf } from "./request.ts";

const redirectStatuses = [301, 302, 303, 307, 308];
/** Not sent on to another origin; the last is that of the former one. */
const originHeaders = ["authorization", "cookie", "proxy-authorization", "host"];

/**
 * The request that a redirect asks for; undefined when the answer is no redirect. 303 becomes GET, as does POST after 301 and 302
 * (RFC 9110 §15.4); all else is sent again as it was.
 */
export function redirected(request: OutgoingRequest, from: URL, status: number, location: string | undefined): OutgoingRequest | undefined {
  if (location === undefined || !redirectStatuses.includes(status)) return undefined;
  const to = targetOf(location, from.href);
  const isAway = to.origin !== from.origin;
  const becomesGet = status === 303 ? request.method !== "HEAD" : request.method === "POST" && status < 303;
  const { body, ...bare } = request;
  const headers = Object.entries(request.headers).filter(([name]) => {
    const lower = name.toLowerCase();
    return !(isAway && originHeaders.includes(lower)) && !(becomesGet && lower.startsWith("content-"));
  });
  const next = { ...bare, url: to.href, headers: Object.fromEntries(headers) };
  if (becomesGet) return { ...next, method: "GET" };
  return body === undefined ? next : { ...next, body };
}
