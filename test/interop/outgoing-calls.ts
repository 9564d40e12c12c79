import type { FlowDocument } from "../../src/flows/index.ts";
import { type TracedMessage, withoutRetransmissions } from "../support/peers/sip-trace.ts";
import type { ServerProcess } from "../support/server-process.ts";
import { eventually, memberOf } from "../support/waiting.ts";

// What the tests of outgoing calls share: the flows with their sentences, and the requests that set up and place a call.

export const greeting = "Welcome to the house of calls. Please press one digit now.";
export const firstBranch = "You have reached the department of apples and of pears.";
export const otherBranch = "This is the night desk, where nobody knows anything at all.";
export const chapter = [
  "It was a quiet morning when the first telephone rang in the office.",
  "Somebody picked it up and listened for a while to the voice at the other end.",
  "Then the rain began to fall on the roof, and the line went on humming.",
].join(" ");
export const farewell = "And with this very last sentence the story comes to its end.";

/** Greets, takes one digit, and says one of two sentences. */
export const menu: FlowDocument = {
  start: "ask",
  nodes: {
    ask: {
      verb: "collect",
      prompt: [{ say: greeting }],
      maxDigits: 1,
      timeoutMs: 20_000,
      into: "choice",
      exits: { digits: "route" },
    },
    route: { verb: "branch", branches: [{ when: "choice == '1'", exit: "first" }], exits: { first: "first", else: "other" } },
    first: { verb: "say", text: firstBranch, exits: { done: "end" } },
    other: { verb: "say", text: otherBranch, exits: { done: "end" } },
    end: { verb: "hang-up" },
  },
};

/** A long text, then a sentence of its own, then the end. */
export const story: FlowDocument = {
  start: "chapter",
  nodes: {
    chapter: { verb: "say", text: chapter, exits: { done: "farewell" } },
    farewell: { verb: "say", text: farewell, exits: { done: "end" } },
    end: { verb: "hang-up" },
  },
};

/** Says nothing for a minute. */
export const quiet: FlowDocument = { start: "wait", nodes: { wait: { verb: "pause", durationMs: 60_000 } } };

/** Hangs up when 4 and 2 were pressed, and not before. */
export const secret: FlowDocument = {
  start: "collect",
  nodes: {
    collect: { verb: "collect", maxDigits: 2, timeoutMs: 60_000, into: "pressed", exits: { digits: "compare" } },
    compare: { verb: "branch", branches: [{ when: "pressed == '42'", exit: "right" }], exits: { right: "end", else: "stay" } },
    stay: { verb: "pause", durationMs: 60_000, exits: { done: "end" } },
    end: { verb: "hang-up" },
  },
};

export type TrunkSettings = { readonly port: number; readonly username?: string; readonly password?: string };

let numbers = 0;

/** A number that nothing takes yet: each far end of a test file has its own. */
export function nextNumber(): string {
  numbers += 1;
  return `+1555${String(200 + numbers)}0100`;
}

/** Calls to `number` go to the far end on this port of 127.0.0.1. */
export async function createTrunk(server: ServerProcess, number: string, settings: TrunkSettings): Promise<void> {
  // Media goes to the signalling source, because baresip's SDP never names the loopback address its packets come from.
  const fixed = { name: `to ${number}`, host: "127.0.0.1", transport: "udp", prefixes: [number], priority: 1, mediaToSource: true };
  await server.succeed("POST", "/v1/trunks", { ...fixed, ...settings });
}

/** Calls to this number of the account run the flow. */
export async function ownNumber(server: ServerProcess, number: string, document: FlowDocument): Promise<void> {
  const flow = await server.succeed("POST", "/v1/flows", { name: `at ${number}`, document });
  await server.succeed("POST", "/v1/numbers", { number, flowId: memberOf(flow.json(), "id") });
}

/** Places a call by POST /sessions/outgoing; the id of the created call. */
export async function placeCall(server: ServerProcess, numberToDial: string, document: FlowDocument): Promise<string> {
  const flow = await server.succeed("POST", "/v1/flows", { name: `for ${numberToDial}`, document });
  const answer = await server.succeed("POST", "/sessions/outgoing", { flowId: memberOf(flow.json(), "id"), numberToDial });
  const location = answer.headers.get("location") ?? "";
  const id = location.split("/").at(-1) ?? "";
  if (answer.status !== 204 || id === "") throw new Error(`answered ${answer.status} with Location "${location}"`);
  return id;
}

/** The requests that a far end received, each once: "INVITE ACK BYE". */
export function requestsReceived(messages: readonly TracedMessage[]): string {
  const requests = withoutRetransmissions(messages).filter((message) => message.direction === "received");
  return requests.map((message) => message.method).join(" ");
}

export type ShownCall = { readonly callState: string; readonly ended: boolean; readonly outcome: string };

export async function showCall(server: ServerProcess, id: string): Promise<ShownCall> {
  const shown = (await server.succeed("GET", `/sessions/${id}`)).json();
  const text = (name: string) => String(memberOf(shown, name));
  return { callState: text("callState"), ended: memberOf(shown, "ended") === true, outcome: text("outcome") };
}

/** Waits until the call has ended, and shows it. */
export async function callEnded(server: ServerProcess, id: string, timeoutMs = 30_000): Promise<ShownCall> {
  return await eventually(
    `the end of call ${id}`,
    async () => {
      const call = await showCall(server, id);
      return call.ended ? call : undefined;
    },
    timeoutMs,
  );
}

/** Asks for another state of the call. */
export async function changeCall(server: ServerProcess, id: string, callState: "Hold" | "Connected" | "Disconnected"): Promise<void> {
  await server.succeed("PATCH", `/sessions/${id}`, { callState });
}
