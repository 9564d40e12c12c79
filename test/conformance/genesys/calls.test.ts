/** Calls between two agents, and between an agent and a number: what each of them reads, may do and hears. */
import { describe, expect, test } from "vitest";
import { ownedNumber } from "../../support/call-house.ts";
import { type Desk, desk, type Message, type Resource } from "./desk.ts";

const dialing = ["SendDtmf", "DeleteUserData", "AttachUserData", "DeleteUserDataPair", "Hangup", "UpdateUserData"];
const data = ["AttachUserData", "UpdateUserData", "DeleteUserData", "DeleteUserDataPair"];
const established = ["Hangup", "Hold", "SendDtmf", "SingleStepTransfer", "MuteCall", ...data];
const held = ["Retrieve", "Hangup", "SingleStepTransfer", ...data];

const internal = (number: string) => ({ e164Number: "", formattedPhoneNumber: number, phoneNumber: number, digits: number });
const external = (number: string) => ({ e164Number: number, formattedPhoneNumber: number, phoneNumber: number, digits: number.slice(1) });

/** A call from Ann to Ben, both talking, with nothing left unheard. */
async function talking(at: Desk, to = "5002"): Promise<Resource> {
  const call = await at.dial("ann", to);
  at.heardBy("ann");
  at.heardBy("ben");
  return call;
}

function brief(messages: readonly Message[]): readonly string[] {
  return messages.map(({ notificationType, call }) => `${notificationType} ${call?.state}`);
}

async function operate(at: Desk, who: "ann" | "ben", call: Resource, name: string, parameters?: object) {
  const answer = await at.operate(who, `/me/calls/${call.id}`, name, parameters);
  expect([answer.status, answer.text]).toEqual([200, '{"statusCode":0}']);
  await at.pass(500);
}

describe("an internal call", () => {
  test("each user sees their own resource under one id", async () => {
    const at = await desk({ ann: { answersAfterMs: 1000 }, ben: { answersAfterMs: 1000 } });
    const mine = await at.dial("ann", "5002", {}, 1500);
    const theirs = await at.callOf("ben");
    expect(mine).toMatchObject({ state: "Dialing", participants: [internal("5002")], dnis: "5002", callType: "Internal", duration: "1" });
    expect(theirs).toMatchObject({ state: "Ringing", participants: [internal("5001")], dnis: "5002", callType: "Internal", duration: "0" });
    expect([mine.id, mine["ani"], theirs["ani"]]).toEqual([theirs.id, undefined, undefined]);
    expect(mine["deviceUri"]).not.toBe(theirs["deviceUri"]);
    expect([mine.capabilities, theirs.capabilities.toSorted()]).toEqual([dialing, ["Answer", ...data].toSorted()]);
    await at.pass(1000);
    for (const who of ["ann", "ben"] as const)
      expect(await at.callOf(who)).toMatchObject({ state: "Established", capabilities: established });
  });

  test("every change of state is told once to each, in order", async () => {
    const at = await desk({ ben: { answersAfterMs: 500 } });
    const call = await at.dial("ann", "5002");
    for (const name of ["Hold", "Retrieve", "Hangup"]) await operate(at, "ann", call, name);
    const [ann, ben] = [at.heardBy("ann"), at.heardBy("ben")];
    expect(brief(ann)).toEqual(["Dialing", "Established", "Held", "Established", "Released"].map((state) => `StatusChange ${state}`));
    expect(brief(ben)).toEqual(["Ringing", "Established", "Released"].map((state) => `StatusChange ${state}`));
    for (const message of [...ann, ...ben]) {
      expect(Object.keys(message)).toEqual(["notificationType", "call", "phoneNumber", "extensions", "messageType"]);
      expect(message).toMatchObject({ extensions: { BusinessCall: 0 }, messageType: "CallStateChangeMessage", call: { id: call.id } });
    }
    expect([ann[0]?.phoneNumber, ben[0]?.phoneNumber]).toEqual(["5001", "5002"]);
    expect(ann.at(-1)?.call).toMatchObject({ capabilities: [], participants: [internal("5002")] });
    expect(at.heardBy("cleo")).toEqual([]);
  });

  test("after the end it is gone", async () => {
    const at = await desk();
    const call = await talking(at);
    await operate(at, "ben", call, "Hangup");
    for (const who of ["ann", "ben"] as const) {
      expect((await at.ask(who, "GET", "/me/calls")).text).toBe('{"statusCode":0,"uris":[]}');
      expect((await at.ask(who, "GET", `/me/calls/${call.id}`)).body.statusCode).toBe(6);
      expect((await at.operate(who, `/me/calls/${call.id}`, "Hangup")).body.statusCode).toBe(6);
    }
  });

  test("Answer makes the phone pick up", async () => {
    const at = await desk({ ben: { autoAnswers: true } });
    const call = await at.dial("ann", "5002", {}, 500);
    expect(call.state).toBe("Dialing");
    await operate(at, "ben", call, "Answer");
    expect([(await at.callOf("ann")).state, (await at.callOf("ben")).state]).toEqual(["Established", "Established"]);
    expect(brief(at.heardBy("ben"))).toEqual(["StatusChange Ringing", "StatusChange Established"]);
  });

  test("who is held goes on as Established; both may hold", async () => {
    const at = await desk();
    const call = await talking(at);
    await operate(at, "ann", call, "Hold");
    expect([(await at.callOf("ann")).capabilities, (await at.callOf("ben")).state]).toEqual([held, "Established"]);
    expect(at.heardBy("ben")).toEqual([]);
    await operate(at, "ben", call, "Hold");
    expect([(await at.callOf("ann")).state, (await at.callOf("ben")).state]).toEqual(["Held", "Held"]);
    await operate(at, "ann", call, "Retrieve");
    expect([(await at.callOf("ann")).state, (await at.callOf("ben")).state]).toEqual(["Established", "Held"]);
  });

  test("MuteCall and UnmuteCall replace each other", async () => {
    const at = await desk();
    const call = await talking(at);
    await operate(at, "ann", call, "MuteCall");
    const muted = await at.callOf("ann");
    expect([muted["mute"], muted.capabilities.filter((name) => name.includes("mute") || name.includes("Mute"))]).toEqual([
      "On",
      ["UnmuteCall"],
    ]);
    expect((await at.callOf("ben"))["mute"]).toBe("Off");
    expect((await at.operate("ann", `/me/calls/${call.id}`, "MuteCall")).body.statusCode).toBe(2);
    await operate(at, "ann", call, "UnmuteCall");
    expect([brief(at.heardBy("ann")), at.heardBy("ben")]).toEqual([["StatusChange Established", "StatusChange Established"], []]);
  });

  test("SendDtmf is told to who sent, when the digits are out", async () => {
    const at = await desk();
    const call = await talking(at);
    const answer = await at.operate("ann", `/me/calls/${call.id}`, "SendDtmf", { digits: "12*#" });
    expect(answer.body.statusCode).toBe(0);
    expect(at.heardBy("ann")).toEqual([]);
    const [live] = (await at.at.house.views.list("a".repeat(24), { live: true }, { limit: 1 })).items;
    const ben = Object.values(live?.parties ?? {}).find(({ digitsToSend }) => digitsToSend !== undefined);
    const leg = Object.values(live?.legs ?? {}).find(({ partyId }) => partyId === ben?.id);
    const digitsId = ben?.digitsToSend?.digitsId ?? "";
    at.at.house.media.happen(live?.id ?? "", leg?.id ?? "", { kind: "digits-sent", digitsId });
    await at.pass(10);
    const heard = at.heardBy("ann");
    expect([brief(heard), at.heardBy("ben")]).toEqual([["DtmfSent Established"], []]);
    expect(heard[0]).not.toHaveProperty("extensions");
  });

  test("SingleStepTransfer: the user is out, and the others hear of each other", async () => {
    const at = await desk({ cleo: { answersAfterMs: 1000 } });
    const call = await talking(at);
    await operate(at, "ann", call, "SingleStepTransfer", { destination: { phoneNumber: "5003" }, userData: { why: "language" } });
    expect(brief(at.heardBy("ann"))).toEqual(["StatusChange Released"]);
    expect((await at.ask("ann", "GET", "/me/calls")).body.uris).toEqual([]);
    const ben = at.heardBy("ben");
    expect(brief(ben)).toEqual(["ParticipantsUpdated Established", "AttachedDataChanged Established"]);
    expect(ben[0]?.call).toMatchObject({ participants: [internal("5003")] });
    expect(at.heardBy("cleo")[0]?.call).toMatchObject({ state: "Ringing", participants: [internal("5002")] });
    await at.pass(1000);
    expect((await at.callOf("ben")).state).toBe("Established");
  });

  test.each(["own phone", "other side"])("Hangup while the %s rings; no digits go out by then", async (ringing) => {
    const at = await desk(ringing === "own phone" ? { ann: {} } : { ben: {} });
    const call = await at.dial("ann", "5002", {}, 500);
    const digits = await at.operate("ann", `/me/calls/${call.id}`, "SendDtmf", { digits: "1" });
    expect([digits.status, digits.body.statusCode]).toEqual([400, 2]);
    await operate(at, "ann", call, "Hangup");
    expect(brief(at.heardBy("ann"))).toEqual(["StatusChange Dialing", "StatusChange Released"]);
    const expected = ringing === "own phone" ? [] : ["StatusChange Ringing", "StatusChange Released"];
    expect(brief(at.heardBy("ben"))).toEqual(expected);
  });

  test("a colleague who rejects, and one without a phone", async () => {
    const at = await desk({ ben: { rejectsWith: 486 } }, { away: "cleo" });
    await at.operate("ann", `${await at.deviceOf("ann")}/calls`, "Dial", { destination: { phoneNumber: "5002" } });
    await at.pass(1000);
    expect(brief(at.heardBy("ann"))).toEqual(["StatusChange Dialing", "StatusChange Released"]);
    expect(brief(at.heardBy("ben")).at(-1)).toBe("StatusChange Released");
    await at.operate("ann", `${await at.deviceOf("ann")}/calls`, "Dial", { destination: { phoneNumber: "5003" } });
    await at.pass(1000);
    expect(brief(at.heardBy("ann"))).toEqual(["StatusChange Dialing", "StatusChange Released"]);
    expect(at.heardBy("cleo")).toEqual([]);
  });

  test("dialling without a registered phone of one's own", async () => {
    const at = await desk({}, { away: "ann" });
    const answer = await at.operate("ann", `${await at.deviceOf("ann")}/calls`, "Dial", { destination: { phoneNumber: "5002" } });
    expect([answer.status, answer.body]).toEqual([500, { statusCode: 4, statusMessage: "Device '5001' is not registered." }]);
    expect(at.heard).toEqual([]);
  });
});

describe("user data", () => {
  test("each operation changes what it names, for both users, and says so", async () => {
    const at = await desk();
    const call = await at.dial("ann", "5002", { userData: { segment: "Gold", age: 7, nested: { a: [1] } } });
    at.heardBy("ann");
    at.heardBy("ben");
    const steps = [
      ["AttachUserData", { userData: { note: "x" } }, { segment: "Gold", age: 7, nested: { a: [1] }, note: "x" }],
      ["AttachUserData", { userData: { note: "y", age: 8 } }, { segment: "Gold", age: [7, 8], nested: { a: [1] }, note: ["x", "y"] }],
      ["UpdateUserData", { userData: { age: 9, new: true } }, { segment: "Gold", age: 9, nested: { a: [1] }, note: ["x", "y"], new: true }],
      ["DeleteUserDataPair", { key: "nested" }, { segment: "Gold", age: 9, note: ["x", "y"], new: true }],
      ["DeleteUserData", {}, undefined],
    ] as const;
    for (const [name, parameters, expected] of steps) {
      await operate(at, "ann", call, name, parameters);
      for (const who of ["ann", "ben"] as const) {
        const [message, ...more] = at.heardBy(who);
        expect([message?.notificationType, message?.call?.["userData"], more]).toEqual(["AttachedDataChanged", expected, []]);
        expect(message).not.toHaveProperty("extensions");
        expect((await at.callOf(who))["userData"]).toEqual(expected);
      }
    }
    expect(await at.callOf("ann")).not.toHaveProperty("userData");
  });
});

describe("a call to a number", () => {
  test.each(["+12025550199", "12025550199", "+1 (202) 555-0199"])("%j goes out by the trunk", async (written) => {
    const at = await desk();
    const call = await at.dial("ann", written, { location: "Site 1" });
    expect(call).toMatchObject({
      state: "Established",
      participants: [external("+12025550199")],
      ani: ownedNumber,
      dnis: "+12025550199",
      callType: "Outbound",
    });
    expect(Object.keys(call).slice(5, 9)).toEqual(["participants", "ani", "dnis", "callType"]);
    expect(at.heardBy("ann")[0]?.extensions).toEqual({ BusinessCall: 1 });
    const [live] = (await at.at.house.views.list("a".repeat(24), { live: true }, { limit: 1 })).items;
    expect(live?.data).toEqual({ location: "Site 1" });
  });

  test("shows a number that the agent may show, and no other", async () => {
    const at = await desk();
    const device = await at.deviceOf("ann");
    const dial = { destination: { phoneNumber: "+12025550199" } };
    const refused = await at.operate("ann", `${device}/calls`, "Dial", { ...dial, outboundCallerId: "+4930123456" });
    expect([refused.status, refused.body.statusCode]).toEqual([403, 5]);
    expect(await at.dial("ann", "+12025550199", { outboundCallerId: ownedNumber.slice(1) })).toMatchObject({ ani: ownedNumber });
  });
});

test("a call is as true after a restart of the server, and its ids are the same", async () => {
  const at = await desk();
  const call = await talking(at);
  await operate(at, "ann", call, "Hold");
  const [before, device] = [await at.callOf("ann"), await at.deviceOf("ann")];
  at.heardBy("ann");
  await at.restart();
  const { duration: _before, ...known } = before;
  const { duration: _after, ...found } = await at.callOf("ann");
  expect([found, await at.deviceOf("ann")]).toEqual([known, device]);
  expect(at.heardBy("ann")).toEqual([]);
  await operate(at, "ann", call, "Retrieve");
  expect(brief(at.heardBy("ann"))).toEqual(["StatusChange Established"]);
});
