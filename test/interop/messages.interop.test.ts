/**
 * A phone of others takes a message. baresip 1.0 could also ask for its mailbox, but now and then its module sends hundreds of SUBSCRIBEs within some
 * milliseconds, before it can have had any answer.
 */
import { expect, test } from "vitest";
import { Baresip } from "../support/peers/baresip.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { ServerProcess } from "../support/server-process.ts";

test("baresip takes what the API sends it", { timeout: 60_000 }, async (context) => {
  requireTools(context, "baresip");
  await using server = await ServerProcess.start();
  const phone = { username: "bob", password: "password-of-bob" };
  await server.succeed("POST", "/v1/users", { email: "bob@example.test", password: "a-good-password", roles: ["user"], phone });
  await using bob = await Baresip.start({ account: { ...phone, port: server.sipPort } });
  await bob.registered();
  const sent = await server.succeed("POST", "/v1/messages", { to: "bob", text: "From the desk" });
  expect(sent.json()).toEqual({ deliveries: [{ phone: "bob", status: 200 }] });
});
