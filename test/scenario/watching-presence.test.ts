/** A phone watches whether a colleague can be called (RFC 3856), and its own user's mailbox (RFC 3842). */
import { describe, expect, test } from "vitest";
import type { AgentActivity } from "../../src/queues/index.ts";
import { accountId } from "../support/call-house.ts";
import { readXml } from "../support/xml-reader.ts";
import { annAddress, type Office, office, talking, userOf } from "./agents.ts";
import { hangUp, houseAddress } from "./scene.ts";
import { type Watch, watch } from "./watchers.ts";

async function watchingAnn(at: Office, whom = "5001"): Promise<Watch> {
  const made = watch(at, at.phones.cleo.agent, whom, { event: "presence" });
  await at.clock.advanceAsync(50);
  return made;
}

/** `open`, or `closed`, and what she does. */
function shown({ told }: Watch): readonly string[] {
  return told.map(({ text }) => {
    const [tuple, person] = readXml(text).children;
    const activity = person?.children[0]?.children[0]?.name.replace("rpid:", "");
    return [tuple?.children[0]?.children[0]?.text, ...(activity === undefined ? [] : [activity])].join(" ");
  });
}

function annsPhone(at: Office): string {
  return at.house.directory.phones.byUsername("ann")?.id ?? "";
}

describe("presence", () => {
  test("registered is open; in a call, on the phone; not while it only rings", async () => {
    const at = await office({ ann: { answersAfterMs: 3000 } });
    const made = await watchingAnn(at);
    const call = await talking(at, "ben", "5001");
    await at.clock.advanceAsync(1000);
    expect(shown(made)).toEqual(["open"]);
    await at.clock.advanceAsync(3000);
    await hangUp(at, call);
    await at.clock.advanceAsync(2000);
    expect(shown(made)).toEqual(["open", "open on-the-phone", "open"]);
  });

  test("the phone goes and comes back", async () => {
    const at = await office();
    const [user, phone] = [await watchingAnn(at), await watchingAnn(at, "ann")];
    for (const addresses of [[], [annAddress]]) {
      at.house.register(annsPhone(at), addresses);
      await at.clock.advanceAsync(1500);
    }
    expect([shown(user), shown(phone)]).toEqual([
      ["open", "closed", "open"],
      ["open", "closed", "open"],
    ]);
    expect(readXml(user.told[0]?.text ?? "").attributes["entity"]).toBe(`sip:5001@${houseAddress}`);
  });

  test("a phone that is not there is closed; a registration that is refreshed is no news", async () => {
    const at = await office({}, { away: "ann" });
    const made = await watchingAnn(at);
    for (let index = 0; index < 3; index++) {
      at.house.register(annsPhone(at), []);
      await at.clock.advanceAsync(2000);
    }
    expect(shown(made)).toEqual(["closed"]);
  });

  test("what an agent on duty says of herself", async () => {
    const at = await office();
    const made = await watchingAnn(at);
    const say = async (isOnDuty: boolean, activity: AgentActivity) => {
      await at.house.agents.set({ accountId, userId: userOf("ann"), isOnDuty, activity, since: at.clock.now() });
      await at.clock.advanceAsync(1500);
      return shown(made).at(-1);
    };
    expect(await say(true, "ready")).toBe("open");
    expect(await say(true, "not-ready")).toBe("open away");
    expect(await say(true, "wrap-up")).toBe("open busy");
    expect(await say(true, "auxiliary")).toBe("open busy");
    expect(await say(true, "offline")).toBe("closed");
    // Off duty she is somebody with a phone, like everybody else.
    expect(await say(false, "offline")).toBe("open");
    expect(shown(made)).toHaveLength(5);
  });
});

test("RFC 3842 §3: nobody takes messages yet, so none wait", async () => {
  const at = await office();
  const made = watch(at, at.phones.cleo.agent, "5003", { event: "message-summary" });
  await at.clock.advanceAsync(50);
  expect(made.told.map(({ text }) => text)).toEqual([
    `Messages-Waiting: no\r\nMessage-Account: sip:5003@${houseAddress}\r\nVoice-Message: 0/0 (0/0)\r\n`,
  ]);
});
