import { expect, test } from "vitest";
import type { CallView } from "../../src/api/contract/calls.ts";
import type { FlowView } from "../../src/api/contract/configuration.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";

// The phone that stands behind the first run's user: it registers by itself and answers calls to the user's extension.

async function callOf(server: ServerProcess, id: string): Promise<CallView> {
  return (await server.succeed("GET", `/v1/calls/${id}`)).json() as CallView;
}

/** Calls the demo phone; the flow brings the user's extension in. */
async function talkOf(server: ServerProcess, flowId: string): Promise<CallView> {
  const { id } = (await server.succeed("POST", "/v1/calls", { to: "+12025550100", flowId })).json() as CallView;
  await eventually("both phones in the call", async () => {
    const { parties } = await callOf(server, id);
    return parties.length === 2 && parties.every(({ state }) => state === "active");
  });
  return callOf(server, id);
}

test("answers for 5001, and is there again after the server was killed", async () => {
  await using server = await ServerProcess.start();
  const document = { start: "dial", nodes: { dial: { verb: "dial", to: "5001", exits: {} } } };
  const flow = (await server.succeed("POST", "/v1/flows", { name: "To the desk", document })).json() as FlowView;
  const before = await talkOf(server, flow.id);
  expect(before.legs[1]?.phoneId).toEqual(expect.any(String));
  await server.kill();
  await server.restart();
  const after = await talkOf(server, flow.id);
  // The contact of the killed process is no longer rung.
  expect(after.legs.map(({ phoneId }) => phoneId)).toEqual([null, before.legs[1]?.phoneId]);
  await server.succeed("POST", `/v1/calls/${after.id}/hang-up`, {});
  expect(await server.stop()).toEqual({ code: 0, signal: null });
});
