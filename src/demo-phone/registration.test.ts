import { beforeEach, expect, test } from "vitest";
import { userAgent } from "../../test/support/sip-ends.ts";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { VirtualNetwork } from "../../test/support/virtual-network.ts";
import { derive, silentLogger, systemIds } from "../kernel/index.ts";
import { type Binding, Challenger, ha1Of, Registrar } from "../sip/index.ts";
import { Registration } from "./registration.ts";

const houseAddress = "192.0.2.1";
const account = { username: "desk", password: "secret", domain: "house.example", registrar: { address: houseAddress, port: 5060 } };
const rows: Binding[] = [];
const store = { load: async () => rows, save: async (row: Binding) => void rows.push(row), remove: async () => undefined };
let clock: VirtualClock;
let network: VirtualNetwork;
let registrar: Registrar;
let password: string;

beforeEach(async () => {
  clock = new VirtualClock();
  network = new VirtualNetwork(clock, { seed: 1 });
  password = account.password;
  const challenger = new Challenger({ clock, ids: systemIds(clock), realm: "callwright", secret: Buffer.from("k"), kind: "www" });
  const credentials = {
    find(username: string) {
      const { md5, sha256 } = ha1Of(username, "callwright", password);
      return { accountId: "a", phoneId: "p", ha1Md5: md5, ha1Sha256: sha256 };
    },
  };
  rows.length = 0;
  registrar = new Registrar({ clock, logger: silentLogger, challenger, credentials, store, product: "test" });
  await registrar.load();
  const { stack } = userAgent(network, clock, houseAddress, "udp", { screen: (request) => registrar.screen(request) });
  stack.onRegister((transaction) => void registrar.register(transaction));
});

let made = 0;
function register(address: string): Registration {
  const ids = { next: () => String(++made), random: (bytes: number) => derive(Buffer.from("k"), bytes, ++made) };
  const registration = new Registration({ stack: userAgent(network, clock, address).stack, clock, ids, account });
  registration.start();
  return registration;
}

function contacts(): readonly string[] {
  return registrar.contactsOf("p").map(({ contact, preference }) => `${contact} ${preference}`);
}

test("registers with its credentials as a stand-in, and stays registered", async () => {
  register("192.0.2.5");
  await clock.advanceAsync(100);
  expect(contacts()).toEqual(["sip:desk@192.0.2.5:5060 0.1"]);
  await clock.advanceAsync(3_600_000);
  expect(contacts()).toHaveLength(1);
});

test("what a former process left is gone", async () => {
  register("192.0.2.5").close();
  await clock.advanceAsync(100);
  const former = register("192.0.2.6");
  await clock.advanceAsync(100);
  former.close();
  register("192.0.2.7");
  await clock.advanceAsync(100);
  expect(contacts()).toEqual(["sip:desk@192.0.2.7:5060 0.1"]);
});

test("a registrar that is silent or refuses is asked again, not at once, until it lets the phone in", async () => {
  password = "another";
  register("192.0.2.5");
  await clock.advanceAsync(10_000);
  const asked = network.seen.filter(({ message }) => message.kind === "request").length;
  expect([contacts(), asked]).toEqual([[], expect.any(Number)]);
  expect(asked).toBeLessThan(15);
  network.lose = () => true;
  await clock.advanceAsync(60_000);
  network.lose = () => false;
  password = account.password;
  await clock.advanceAsync(40_000);
  expect(contacts()).toHaveLength(1);
});

test("a closed one says nothing more", async () => {
  const registration = register("192.0.2.5");
  await clock.advanceAsync(100);
  registration.close();
  const before = network.seen.length;
  await clock.advanceAsync(3_600_000);
  expect([network.seen.length, contacts()]).toEqual([before, []]);
});
