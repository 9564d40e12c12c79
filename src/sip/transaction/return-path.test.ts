import { expect, test } from "vitest";
import { accepting, inviteOptions, recorded, sdp, userAgent } from "../../../test/support/sip-ends.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../../test/support/virtual-network.ts";
import type { Located } from "../location/locator.ts";
import type { Target } from "../location/target.ts";
import type { SipAddress } from "../transport/transport.ts";

const at = (address: string): SipAddress => ({ protocol: "tcp", address, port: 5060 });

/** Bob takes an INVITE by TCP whose sender calls itself `sentBy`, and answers when the sender's address is gone. */
async function answeredLate(sentBy: string, located: Located) {
  const clock = new VirtualClock();
  const network = new VirtualNetwork(clock, { seed: 1 });
  const asked: Target[] = [];
  const locator = {
    locate: (target: Target, found: (located: Located) => void) => {
      asked.push(target);
      found(located);
    },
    avoid: () => undefined,
  };
  const bob = userAgent(network, clock, "192.0.2.2", "tcp", { locator });
  const alice = userAgent(network, clock, "192.0.2.1", "tcp");
  const sentByOf = alice.transport.sentBy;
  Object.assign(alice.transport, { sentBy: () => ({ ...sentByOf(bob.address), host: sentBy }) });
  const log = recorded();
  const taken = accepting(bob, log, () => undefined);
  alice.stack.invite(inviteOptions(alice, bob), recorded().events);
  clock.advance(10);
  await alice.transport.close();
  const other = network.openSip(at("192.0.2.8"));
  const got: string[] = [];
  other.onMessage((message) => void got.push(message.kind === "response" ? String(message.status) : message.method));
  taken.usage().answer(sdp("answer"));
  clock.advance(100);
  bob.stack.close();
  return { asked, got };
}

test("a response whose sender is gone goes to the servers of the host in its Via, by the same protocol (RFC 3263 §5)", async () => {
  const { asked, got } = await answeredLate("proxy.example", { ok: true, addresses: [at("192.0.2.7"), at("192.0.2.8")] });
  expect(asked).toEqual([{ host: "proxy.example", port: 5060, protocol: "tcp" }]);
  expect(got).toEqual(["200"]);
});

test("a numeric sender and a host without addresses end the attempt", async () => {
  expect(await answeredLate("192.0.2.1", { ok: true, addresses: [at("192.0.2.8")] })).toEqual({ asked: [], got: [] });
  expect((await answeredLate("proxy.example", { ok: false, reason: "none" })).got).toEqual([]);
});
