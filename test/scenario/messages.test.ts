/** MESSAGE between our phones, outside of dialogs and inside (RFC 3428). */
import { describe, expect, test } from "vitest";
import { authorize, responseTo, type SipRequest } from "../../src/sip/index.ts";
import { accountId } from "../support/call-house.ts";
import type { UserAgent } from "../support/sip-ends.ts";
import { annAddress, benAddress, now, type Office, office, talking, userOf } from "./agents.ts";
import { hangUp, houseAddress, requestsFrom, statusesTo } from "./scene.ts";

const house = { protocol: "udp", address: houseAddress, port: 5060 } as const;
const cleoAddress = "192.0.2.73";

type Saying = {
  readonly text?: string;
  readonly type?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly maxForwards?: number;
  readonly password?: string;
  readonly passMs?: number;
};

let sent = 0;

/** Cleo's phone sends this; the statuses that it got, in order. */
async function say(at: Office, to: string, options: Saying = {}): Promise<readonly number[]> {
  const { text = "Lunch?", type = "text/plain", headers = [], maxForwards, password = "cleo-password", passMs = 200 } = options;
  const uri = `sip:${to}@${houseAddress}`;
  const id = ++sent;
  const { stack } = at.phones.cleo.agent;
  const statuses: number[] = [];
  const ask = (sequence: number, authorization?: readonly [string, string]) =>
    stack.request(
      {
        method: "MESSAGE",
        uri,
        from: `"Not Cleo" <sip:boss@elsewhere.example>;tag=t${id}`,
        to: `<${uri}>`,
        callId: `message-${id}`,
        branch: `z9hG4bK-message-${id}-${sequence}`,
        sequence,
        destinations: [house],
        headers: authorization === undefined ? headers : [...headers, authorization],
        body: { contentType: type, content: text },
        ...(maxForwards !== undefined && { maxForwards }),
      },
      ({ status, response }) => {
        statuses.push(status);
        if (status !== 401 || sequence > 1 || response === undefined) return;
        ask(2, authorize(response, { username: "cleo", secret: { password }, method: "MESSAGE", uri, cnonce: "c", count: 1 }));
      },
    );
  ask(1);
  await at.clock.advanceAsync(passMs);
  return statuses;
}

/** This phone takes messages, and answers each with `status`; what it was sent. */
function reading(agent: UserAgent, status = 200, headers: readonly (readonly [string, string])[] = []): SipRequest[] {
  const read: SipRequest[] = [];
  agent.stack.onMessage({
    screen: () => undefined,
    received(transaction) {
      read.push(transaction.request);
      transaction.respond(responseTo(transaction.request, status, { toTag: "read", headers }));
    },
  });
  return read;
}

function textOf(request: SipRequest | undefined): string {
  return Buffer.from(request?.body ?? "").toString();
}

describe("outside of dialogs", () => {
  test("§7: to an extension: the phone gets it as it was written, from who really sent it, and its 200 goes back", async () => {
    const at = await office();
    const read = reading(at.phones.ann.agent);
    const composing = { type: "application/im-iscomposing+xml", text: "<isComposing/>", headers: [["Subject", "x"]] } as const;
    expect(await say(at, "5001", { ...composing, maxForwards: 9 })).toEqual([401, 200]);
    const [message] = read;
    expect([message?.uri, textOf(message), message?.headers.get("Content-Type")]).toEqual([
      `sip:phone@${annAddress}`,
      "<isComposing/>",
      "application/im-iscomposing+xml",
    ]);
    expect(message?.headers.get("From")).toMatch(new RegExp(`^"?cleo"? <sip:5003@${houseAddress}>;tag=`));
    expect([message?.headers.get("To"), message?.headers.get("Subject"), message?.headers.get("Max-Forwards")]).toEqual([
      `<sip:ann@${houseAddress}>`,
      "x",
      "8",
    ]);
    expect([message?.headers.has("Contact"), message?.headers.has("Authorization")]).toEqual([false, false]);
  });

  test("to a phone by its name; and to every contact of all phones of a user", async () => {
    const at = await office();
    const read = [reading(at.phones.ann.agent), reading(at.phones.ben.agent)];
    expect(await say(at, "ann")).toEqual([401, 200]);
    const annId = at.house.directory.phones.byUsername("ann")?.id ?? "";
    at.house.register(annId, [annAddress, benAddress]);
    expect(await say(at, "5001")).toEqual([401, 200]);
    expect(read.map(({ length }) => length)).toEqual([2, 1]);
  });

  test.each([
    ["nobody of that name", "5999", {}, [401, 404]],
    ["a wrong password", "5001", { password: "guessed" }, [401, 403]],
    ["§8: content that is too long", "5001", { text: "x".repeat(1301) }, [401, 413]],
    ["§8: too long with its header fields", "5001", { text: "x".repeat(1100) }, [401, 513]],
    ["RFC 3261 §16.3: at the end of its way", "5001", { maxForwards: 0 }, [483]],
    ["one hop before it", "5001", { maxForwards: 1 }, [401, 483]],
  ])("%s", async (_name, to, options, statuses) => {
    const at = await office();
    const read = reading(at.phones.ann.agent);
    expect([await say(at, to, options), read]).toEqual([statuses, []]);
  });

  test("a phone of another account: 403", async () => {
    const at = await office();
    const other = { id: "other-phone", accountId: "b".repeat(24), createdAt: 1, updatedAt: 1, userId: "x", username: "eve" };
    await at.house.addPhone({ ...other, ha1Md5: "", ha1Sha256: "" });
    expect(await say(at, "eve")).toEqual([401, 403]);
  });

  test("no phone is registered: 480", async () => {
    const at = await office({}, { away: "ann" });
    expect(await say(at, "5001")).toEqual([401, 480]);
  });

  test("a registered phone does not answer: 480, before its sender gives up, and once", async () => {
    const at = await office();
    at.network.lose = (_message, from) => from.startsWith(annAddress);
    expect(await say(at, "5001", { passMs: 19_000 })).toEqual([401]);
    await at.clock.advanceAsync(60_000);
    expect(new Set(statusesTo(at.network, cleoAddress, "MESSAGE"))).toEqual(new Set([401, 480]));
  });

  test.each([
    ["a phone that stores it for later", 202, [] as const, 202],
    ["a phone that cannot show the type says so", 415, [["Accept", "text/plain"]] as const, 415],
    ["a phone that knows no MESSAGE", 405, [["Allow", "INVITE"]] as const, 405],
    ["a phone that wants us to sign in", 401, [] as const, 480],
  ])("%s", async (_name, status, headers, heard) => {
    const at = await office();
    reading(at.phones.ann.agent, status, headers);
    expect(await say(at, "5001")).toEqual([401, heard]);
    const answer = at.network.seen
      .flatMap(({ message, to }) => (message.kind === "response" && to.startsWith(cleoAddress) ? message : []))
      .at(-1);
    for (const [name, value] of headers) expect(answer?.headers.get(name)).toBe(value);
  });

  test("one phone refuses, another takes it: 200", async () => {
    const at = await office();
    reading(at.phones.ann.agent, 415);
    reading(at.phones.ben.agent);
    at.house.register(at.house.directory.phones.byUsername("ann")?.id ?? "", [annAddress, benAddress]);
    expect(await say(at, "5001")).toEqual([401, 200]);
  });

  test("three in ten datagrams lost: each message comes once", async () => {
    const at = await office({}, { weather: { seed: 7, loss: 0.3 } });
    const read = reading(at.phones.ann.agent);
    const heard: (number | undefined)[] = [];
    for (let index = 0; index < 10; index++) heard.push((await say(at, "5001", { text: String(index), passMs: 40_000 })).at(-1));
    expect(heard).toEqual(Array.from({ length: 10 }, () => 200));
    expect(read.map(textOf)).toEqual(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  });
});

/** This phone writes in the dialog of its call; what it hears. */
async function write(at: Office, from: "ann" | "ben", text = "On screen 3", type = "text/plain"): Promise<number | undefined> {
  let status: number | undefined;
  const body = { contentType: type, content: text };
  at.phones[from].usage().requests?.send("MESSAGE", { body }, (outcome) => (status = outcome.status));
  await at.clock.advanceAsync(200);
  return status;
}

describe("inside the dialog of a call", () => {
  test("§5: what one phone writes, the other gets in its dialog; its answer goes back", async () => {
    const at = await office();
    const heard: (string | undefined)[] = [];
    const call = await talking(at, "ann", "5002");
    const legOf = (address: string) => requestsFrom(at.network, houseAddress, "MESSAGE").filter(({ uri }) => uri.includes(address));
    expect(await write(at, "ann")).toBe(405);
    heard.push(...legOf(benAddress).map(textOf));
    expect(heard).toEqual(["On screen 3"]);
    expect(legOf(benAddress)[0]?.headers.get("Call-ID")).toBe(at.phones.ben.usage().callId);
    expect(await write(at, "ben", "<a/>", "application/x")).toBe(405);
    expect(legOf(annAddress).map((request) => request.headers.get("Content-Type"))).toEqual(["application/x"]);
    expect(await write(at, "ben", "x".repeat(1400))).toBe(413);
    await hangUp(at, call);
  });

  test("a phone that takes it: 200", async () => {
    const at = await office();
    const ben = at.phones.ben.log.events;
    ben.received = (request, respond) => {
      if (request.method === "MESSAGE") respond(200);
      return request.method === "MESSAGE";
    };
    await talking(at, "ann", "5002");
    expect(await write(at, "ann")).toBe(200);
  });

  test("to a trunk, or to a flow: 405", async () => {
    const at = await office();
    const call = await talking(at, "ann", "+12025550199");
    expect([await write(at, "ann"), (await now(at, call)).endedAt]).toEqual([405, undefined]);
    expect(requestsFrom(at.network, houseAddress, "MESSAGE")).toEqual([]);
  });
});

test("RFC 6665 §8.2.2, RFC 3903 §4: what we can is said in OPTIONS; PUBLISH is none of it", async () => {
  const at = await office();
  const answers: (readonly [number, string | undefined, string | undefined])[] = [];
  for (const [method, headers] of [
    ["OPTIONS", []],
    ["PUBLISH", [["Event", "presence"]]],
  ] as const) {
    at.phones.cleo.agent.stack.request(
      {
        method,
        uri: `sip:5001@${houseAddress}`,
        from: "<sip:cleo@example.org>;tag=1",
        to: "<sip:5001@example.org>",
        callId: method,
        branch: `z9hG4bK-${method}`,
        sequence: 1,
        destinations: [house],
        headers,
      },
      ({ status, response }) =>
        void answers.push([status, response?.headers.all("Allow").join(), response?.headers.all("Allow-Events").join()]),
    );
  }
  await at.clock.advanceAsync(100);
  expect(answers[0]?.[0]).toBe(200);
  expect(answers[0]?.[1]).toContain("MESSAGE");
  expect(answers[0]?.[1]).toContain("SUBSCRIBE");
  expect(answers[0]?.[2]).toMatch(/dialog,\s*presence,\s*message-summary/);
  expect([answers[1]?.[0], answers[1]?.[1]?.includes("PUBLISH")]).toEqual([405, false]);
});

test("users write to colleagues through the API's door", async () => {
  const at = await office();
  const read = reading(at.phones.ann.agent);
  const delivered = at.house.phones.messages.send(accountId, { by: userOf("ben"), to: "5001", text: "Grüße" });
  await at.clock.advanceAsync(200);
  expect(await delivered).toEqual([{ phone: "ann", status: 200 }]);
  expect([textOf(read[0]), read[0]?.headers.get("Content-Type")]).toEqual(["Grüße", "text/plain;charset=UTF-8"]);
  const refusal = async (order: { readonly to: string; readonly text: string }) =>
    at.house.phones.messages.send(accountId, { by: userOf("ben"), ...order }).catch(({ code }: { code: string }) => code);
  expect(await refusal({ to: "5999", text: "x" })).toBe("CALL_DESTINATION_UNKNOWN");
  expect(await refusal({ to: "5001", text: "ü".repeat(401) })).toBe("MESSAGE_TOO_LARGE");
  at.house.register(at.house.directory.phones.byUsername("ann")?.id ?? "", []);
  expect(await refusal({ to: "5001", text: "x" })).toBe("MESSAGE_NOBODY_REGISTERED");
});
