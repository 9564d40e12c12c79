/** Reading what operations are given. Each reader refuses with 1 what is missing, and with 10 what is of the wrong kind. */
import type { FastifyRequest } from "fastify";
import type { Json } from "../../../calls/index.ts";
import { statusRefusal } from "./error.ts";

export type Body = Readonly<Record<string, unknown>>;

export function bodyOf(request: FastifyRequest): Body {
  const { body } = request;
  if (body === undefined || body === null) return {};
  if (!isObject(body)) throw statusRefusal(10, "The body must be a JSON object.");
  return body;
}

export function operationNameOf(body: Body): string {
  return required(textOf(body, "operationName"), "operationName");
}

export function textOf(body: Body, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string" || !isStorable(value)) throw statusRefusal(10, `The parameter '${name}' must be a text.`);
  return value;
}

export function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw statusRefusal(1, `The required parameter '${name}' is missing.`);
  return value;
}

export function textsOf(body: Body, name: string): readonly string[] | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw statusRefusal(10, `The parameter '${name}' must be a list of texts.`);
  }
  return value;
}

/** The number of `destination: { phoneNumber }`, as it was sent. */
export function destinationOf(body: Body): string {
  const destination = required(body["destination"] ?? undefined, "destination");
  if (!isObject(destination)) throw statusRefusal(10, "The parameter 'destination' must be an object with a 'phoneNumber'.");
  return required(textOf(destination, "phoneNumber"), "destination.phoneNumber");
}

/** Keys and values to attach to a call. null is no value: in the call it would take a key away. */
export function userDataOf(body: Body): Readonly<Record<string, Json>> | undefined {
  const value = body["userData"];
  if (value === undefined || value === null) return undefined;
  const isValid = isObject(value) && Object.values(value).every((item) => item !== null) && isStorable(JSON.stringify(value));
  if (!isValid) throw statusRefusal(10, "The parameter 'userData' must be an object without null values.");
  return value as Readonly<Record<string, Json>>;
}

function isObject(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** No halves of characters, which no UTF-8 can carry. */
function isStorable(text: string): boolean {
  return text.isWellFormed();
}
