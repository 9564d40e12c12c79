import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { requireTools } from "../support/peers/interop-tools.ts";
import { breachesOf } from "../support/peers/message-rules.ts";
import { RtpEndpoint } from "../support/peers/rtp-endpoint.ts";
import { headerOf, type TracedMessage } from "../support/peers/sip-trace.ts";
import { ServerProcess } from "../support/server-process.ts";
import { addPhone, type Credentials, ladder, saw, startFarEnd, startPhone } from "./call-flows.ts";
import { changeCall, placeCall, story } from "./outgoing-calls.ts";

// The call flows of RFC 3665 through the server: Alice is a phone of an account, Bob a far end behind a trunk, and the server is the callee of one and the
// caller of the other. The ladders name what each end sees; of the RFC's proxies only their outer sides can be seen.

let server: ServerProcess;
let alice: Credentials;

beforeAll(async () => {
  server = await ServerProcess.start({ legs: 60 });
  alice = await addPhone(server, "alice");
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const desk = (port: string) => `<sip:desk@127.0.0.1:${port}>`;
const challenged = ">INVITE <401 >ACK >INVITE";

type Flow = {
  readonly section: string;
  readonly title: string;
  readonly alice: `alice-${string}`;
  readonly bob: `bob-${string}`;
  readonly aliceSees: string;
  readonly bobSees: string;
  readonly also?: (alice: readonly TracedMessage[], bob: readonly TracedMessage[]) => void;
};

const hungUpByAlice = { aliceSees: `${challenged} <180 <200 >ACK >BYE <200`, bobSees: "<INVITE >180 >200 <ACK <BYE >200" };

const flows: readonly Flow[] = [
  {
    section: "3.1 to 3.3",
    title: "Alice is challenged, talks to Bob and hangs up",
    alice: "alice-hangs-up",
    bob: "bob-is-hung-up",
    ...hungUpByAlice,
    also(atAlice, atBob) {
      const [toBob, fromAlice] = [atBob[0], atAlice[0]];
      // The two are dialogs of their own: nothing of one may stand in the other.
      for (const name of ["call-id", "via", "contact"]) {
        expect(toBob && headerOf(toBob, name)).not.toBe(fromAlice && headerOf(fromAlice, name));
      }
      expect(toBob && headerOf(toBob, "authorization")).toBe("");
    },
  },
  {
    section: "3.1 to 3.3",
    title: "Bob hangs up",
    alice: "alice-is-hung-up",
    bob: "bob-hangs-up",
    aliceSees: `${challenged} <180 <200 >ACK <BYE >200`,
    bobSees: "<INVITE >180 >200 <ACK >BYE <200",
  },
  {
    section: "3.6",
    title: "Alice sends no offer: she is given one in 200 and answers in ACK",
    alice: "alice-answers-in-ack",
    bob: "bob-is-hung-up",
    ...hungUpByAlice,
    also(atAlice, atBob) {
      const offer = atAlice.find(({ direction, status }) => direction === "received" && status === 200);
      expect(offer?.body).toMatch(/^m=audio \d+ RTP\/AVP /m);
      expect(atBob[0]?.body).toMatch(/^m=audio \d+ RTP\/AVP /m);
    },
  },
  {
    section: "3.1",
    title: "early media: what Bob describes in 183 opens a session with Alice before he answers",
    alice: "alice-hangs-up",
    bob: "bob-plays-before-he-answers",
    aliceSees: `${challenged} <183 <200 >ACK >BYE <200`,
    bobSees: "<INVITE >183 >200 <ACK <BYE >200",
    also(atAlice) {
      const [early, final] = atAlice.filter(({ direction, status }) => direction === "received" && (status === 183 || status === 200));
      expect(early?.body).toMatch(/^m=audio \d+ RTP\/AVP /m);
      // The same description in both, as a 2xx after a 183 that was not reliable repeats it (RFC 3261 §13.2.1).
      expect(final?.body).toBe(early?.body);
    },
  },
  {
    section: "3.8",
    title: "no answer: Alice gives up and Bob's phone is cancelled",
    alice: "alice-cancels",
    bob: "bob-is-cancelled",
    aliceSees: `${challenged} <180 >CANCEL <200 <487 >ACK`,
    bobSees: "<INVITE >180 <CANCEL >200 >487 <ACK",
  },
  {
    section: "3.9",
    title: "busy",
    alice: "alice-is-refused",
    bob: "bob-is-busy",
    aliceSees: `${challenged} <180 <486 >ACK`,
    bobSees: "<INVITE >180 >486 <ACK",
  },
  {
    section: "3.10",
    title: "no response: Alice gives up before Bob's phone has said anything, and no CANCEL may follow",
    alice: "alice-cancels-unheard",
    bob: "bob-is-silent",
    aliceSees: `${challenged} >CANCEL <200 <487 >ACK`,
    bobSees: "<INVITE",
  },
  {
    section: "3.10",
    title: "no response: Bob's phone is given up after 32 s",
    alice: "alice-is-refused",
    bob: "bob-is-silent-for-33-s",
    aliceSees: `${challenged} <408 >ACK`,
    bobSees: "<INVITE",
    also(_atAlice, atBob) {
      // Timer A: 0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s (RFC 3261 §17.1.1.2).
      expect(atBob.length).toBe(7);
      expect(new Set(atBob.map((message) => headerOf(message, "via"))).size).toBe(1);
    },
  },
  {
    section: "3.11",
    title: "temporarily unavailable",
    alice: "alice-is-refused",
    bob: "bob-is-unavailable",
    aliceSees: `${challenged} <180 <480 >ACK`,
    bobSees: "<INVITE >180 >480 <ACK",
  },
];

describe.concurrent("RFC 3665, sessions", () => {
  test.for(flows)("§$section $title", async (flow, context) => {
    requireTools(context, "sipp");
    const bob = await startFarEnd(server, { scenario: `rfc3665/${flow.bob}` });
    await using atBob = bob.sipp;
    await using atAlice = await startPhone(alice, {
      scenario: `rfc3665/${flow.alice}`,
      target: { port: server.sipPort, user: bob.number },
    });
    const [seenByAlice, seenByBob] = await Promise.all([saw(atAlice, flow.aliceSees), saw(atBob, flow.bobSees)]);
    flow.also?.(seenByAlice, seenByBob);
  });

  test("§3.7 Bob moves: what follows goes to his new Contact, and the sound to his new port", async (context) => {
    requireTools(context, "sipp");
    await using before = await RtpEndpoint.open();
    await using after = await RtpEndpoint.open();
    const keys = { other_rtp_port: String(after.port) };
    const bob = await startFarEnd(server, { scenario: "rfc3665/bob-moves", rtpPort: before.port, keys });
    await using atBob = bob.sipp;
    const id = await placeCall(server, bob.number, story);
    await before.waitForPackets(20);
    await after.waitForPackets(50);
    const old = before.packets.length;
    await after.waitForPackets(after.packets.length + 50);
    expect(before.packets.length).toBe(old);
    await changeCall(server, id, "Disconnected");
    const messages = await saw(atBob, "<INVITE >180 >200 <ACK >INVITE <200 >ACK <BYE >200");
    expect(messages.at(-2)?.startLine).toContain("sip:bob-moved@");
  });

  test("§3.7 Alice moves, and Bob hears nothing of it", async (context) => {
    requireTools(context, "sipp");
    const bob = await startFarEnd(server, { scenario: "rfc3665/bob-is-hung-up" });
    await using atBob = bob.sipp;
    const target = { port: server.sipPort, user: bob.number };
    await using atAlice = await startPhone(alice, { scenario: "rfc3665/alice-moves", target, keys: { other_rtp_port: "9" } });
    await saw(atAlice, `${challenged} <180 <200 >ACK >INVITE <200 >ACK >BYE <200`);
    await saw(atBob, hungUpByAlice.bobSees);
  });
});

describe("RFC 3665, registration", () => {
  const signedIn = ">REGISTER <401 >REGISTER <200";

  test("§2.1 to §2.4 one phone registers, adds a contact, asks for the list and cancels", async (context) => {
    requireTools(context, "sipp");
    const account = await addPhone(server, "registering");
    const [first, second] = [desk("20001"), desk("20002")];
    /** The contacts of the answer, each with the seconds it has left. */
    const register = async (contact: string) => {
      await using phone = await startPhone(account, {
        scenario: "rfc3665/register",
        target: { port: server.sipPort, user: "-" },
        keys: { contact },
      });
      const answer = (await saw(phone, signedIn)).at(-1);
      return (answer?.headers.get("contact") ?? []).flatMap((line) => line.split(/,\s*/));
    };
    expect(await register(`Contact: ${first};expires=600`)).toEqual([expect.stringMatching(new RegExp(`^${first};.*expires=(600|599)`))]);
    const both = [expect.stringContaining(first), expect.stringContaining(second)];
    expect((await register(`Contact: ${second};expires=600`)).toSorted()).toEqual(both);
    expect((await register("Subject: no Contact asks for the list")).toSorted()).toEqual(both);
    expect(await register(`Contact: ${first};expires=0`)).toEqual([expect.stringContaining(second)]);
    expect(await register("Contact: *\r\nExpires: 0")).toEqual([]);
  });

  test("§2.5 a wrong password is refused, and nothing is registered", async (context) => {
    requireTools(context, "sipp");
    const account = await addPhone(server, "forgetful");
    const target = { port: server.sipPort, user: "-" };
    const keys = { contact: `Contact: ${desk("20003")};expires=600` };
    await using wrong = await startPhone({ ...account, password: "wrong" }, { scenario: "rfc3665/register-refused", target, keys });
    const messages = await wrong.succeeded();
    expect(ladder(messages)).toMatch(/^>REGISTER <401 >REGISTER <40[13]$/);
    expect(breachesOf(messages)).toEqual([]);
    await using right = await startPhone(account, { scenario: "rfc3665/register", target, keys: { contact: "Subject: list" } });
    const list = (await saw(right, signedIn)).at(-1);
    expect(list && headerOf(list, "contact")).toBe("");
  });
});
