export { createHttpClient, type HttpClient } from "./client.ts";
export type { BodySink, HttpOutcome, OutgoingRequest } from "./request.ts";
