/**
 * Writes a fixture journal from a JSON file of records: `node test/support/journal/write-fixture.ts v1/plain-call`. Run it once, when a
 * released shape of records is new; a fixture that exists is never written again.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JournalRecord } from "../../../src/calls/index.ts";
import { encodeFrame, frameBound, recordPayload } from "../../../src/journal/record-format.ts";

const path = join(import.meta.dirname, "../../fixtures/journal", process.argv[2] ?? "");
if (existsSync(`${path}.journal`)) throw new Error(`${path}.journal exists and stays as it is`);
const records = JSON.parse(readFileSync(`${path}.json`, "utf8")) as readonly JournalRecord[];
const payloads = records.map(recordPayload);
const bytes = Buffer.alloc(payloads.reduce((sum, payload) => sum + frameBound(payload), 0));
let end = 0;
for (const payload of payloads) end = encodeFrame(payload, bytes, end);
writeFileSync(`${path}.journal`, bytes.subarray(0, end));
