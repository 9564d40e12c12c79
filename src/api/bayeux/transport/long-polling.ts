/** long-polling (Bayeux 1.0 §6.1): POST with JSON, or with one or several form fields `message`. */
import type { FastifyReply, FastifyRequest } from "fastify";

export function textsOfPost(request: FastifyRequest): readonly string[] {
  const body = typeof request.body === "string" ? request.body : "";
  const type = request.headers["content-type"] ?? "";
  return type.toLowerCase().startsWith("application/x-www-form-urlencoded") ? new URLSearchParams(body).getAll("message") : [body];
}

export function writeJson(reply: FastifyReply, frame: string): void {
  reply.type("application/json; charset=utf-8").send(frame);
}
