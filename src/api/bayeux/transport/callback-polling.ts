/** callback-polling (Bayeux 1.0 §6.2), known as JSONP: GET with the query fields `message` and `jsonp`. */
import type { FastifyReply } from "fastify";

const functionName = /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*$/;
const longestName = 128;

export type CallbackRequest = { readonly texts: readonly string[]; readonly callback: string | undefined };

/** `callback` is undefined when the name asked for could be something else than a function's name. */
export function callbackRequestOf(url: string): CallbackRequest {
  const query = new URLSearchParams(url.slice(url.indexOf("?") + 1));
  const callback = query.get("jsonp") ?? "jsonpcallback";
  const isSafe = callback.length <= longestName && functionName.test(callback);
  return { texts: query.getAll("message"), callback: isSafe ? callback : undefined };
}

export function writeCallback(callback: string): (reply: FastifyReply, frame: string) => void {
  return (reply, frame) => {
    // JSON may hold two line ends that older JavaScript may not.
    const script = frame.replaceAll("\u2028", String.raw`\u2028`).replaceAll("\u2029", String.raw`\u2029`);
    reply.type("text/javascript; charset=utf-8").send(`${callback}(${script})`);
  };
}
