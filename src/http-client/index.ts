export { createHttpClient, type HttpClient } from "./client.ts";
export type { HttpOutcome, OutgoingRequest } from "./request.ts";
