/** A phone of others asks for its mailbox, and takes a message. */
import { expect, test } from "vitest";
import { Baresip } from "../support/peers/baresip.ts";
import { requireTools } from "../support/peers/interop-tools.ts";
import { ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";

test("baresip has no messages waiting, and takes what the API sends it", { timeout: 60_000 }, async (context) => {
  requireTools(context, "baresip");
  await using server = await ServerProcess.start();
  const phone = { username: "bob", password: "password-of-bob" };
  await server.succeed("POST", "/v1/users", { email: "bob@example.test", password: "a-good-password", roles: ["user"], phone });
  await using bob = await Baresip.start({ account: { ...phone, port: server.sipPort }, hasMailbox: true });
  await bob.registered();
  const mailbox = await eventually("a message summary", () => bob.events.find(({ type }) => type === "MWI_NOTIFY"));
  expect(mailbox.param).toContain("Messages-Waiting: no");

  const sent = await server.succeed("POST", "/v1/messages", { to: "bob", text: "From the desk" });
  expect(sent.json()).toEqual({ deliveries: [{ phone: "bob", status: 200 }] });
});
