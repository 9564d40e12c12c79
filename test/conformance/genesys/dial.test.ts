/** The vendor's own page of Dial: both samples, with their answers and notifications, member by member. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { apiUrl, desk } from "./desk.ts";

type Sample = {
  readonly request: object;
  readonly response: object;
  readonly notification: { readonly data: Tree; readonly channel: string };
};
type Tree = { readonly [name: string]: unknown };

function golden(name: string): Sample {
  return JSON.parse(readFileSync(join(import.meta.dirname, "golden", `${name}.json`), "utf8")) as Sample;
}

/** Values are generated here; their names, order and types are the vendor's. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.entries(value).map(([name, member]) => [name, shapeOf(member)]);
}

test.each(["dial", "dial-user-data"])("%s: request, answer, notification", async (name) => {
  const { request, response, notification } = golden(name);
  const at = await desk({ ann: { answersAfterMs: 1000 }, ben: {} });
  const line = at.at.house.directory.lines;
  for (const [user, number] of [
    ["ann", "15000"],
    ["ben", "15002"],
  ] as const) {
    const [own] = line.byUser(`user-${user}`);
    if (own !== undefined) await line.update({ ...own, number });
  }
  const device = await at.deviceOf("ann");
  const answer = await at.ask("ann", "POST", `${device}/calls`, request);
  expect([answer.status, answer.text]).toEqual([200, JSON.stringify(response)]);
  await at.pass(5);

  const [message] = at.heardBy("ann");
  expect(shapeOf(message)).toEqual(shapeOf(notification.data));
  const expected = notification.data as { readonly call: Tree };
  const { call, ...rest } = message as unknown as { readonly call: Tree };
  const { call: expectedCall, ...expectedRest } = expected;
  expect(rest).toEqual(expectedRest);
  const { id, callUuid, connId, deviceUri, uri, path, ...values } = call;
  const { id: _id, callUuid: _uuid, connId: _conn, deviceUri: _device, uri: _uri, path: _path, ...expectedValues } = expectedCall;
  expect(values).toEqual(expectedValues);
  expect(id).toMatch(/^[0-9A-Z]{32}$/);
  expect(callUuid).toBe(id);
  expect(connId).toMatch(/^[0-9a-f]{16}$/);
  expect(`${apiUrl}${device}`).toBe(String(deviceUri).replace("/devices/", "/me/devices/"));
  expect(device).toMatch(/^\/me\/devices\/[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect([uri, path]).toEqual([`${apiUrl}/me/calls/${String(id)}`, `/calls/${String(id)}`]);
  expect((await at.ask("ann", "GET", String(uri).slice(apiUrl.length))).body.call).toEqual(call);
});
