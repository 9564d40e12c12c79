/** Calls and surroundings for tests. */
import type { DialogValues } from "../../sip/index.ts";
import type { Call, LegRoute, Negotiated } from "../model.ts";
import { outcomes } from "../outcome.ts";
import type { MediaSettings } from "../plans/media-plan.ts";
import type { Script } from "../script.ts";
import type { OriginateInput } from "./inputs.ts";
import type { Surroundings } from "./step.ts";

export const clockStart = 1_800_000_000_000;

export const originateInput: OriginateInput = {
  kind: "originate",
  callId: "c".repeat(24),
  accountId: "a".repeat(24),
  origin: { kind: "request", by: "user" },
  from: "+18144043093",
  to: "+12025550100",
  limits: { ringMs: 30_000, totalMs: 600_000 },
  role: "callee",
  first: { kind: "number", number: "+12025550100" },
  autoAnswer: false,
  leadsTo: { kind: "script", pin: { flowId: "f", version: 1, hash: "h" } },
};

/** Ann calls Ben by a click. */
export const dialInput: OriginateInput = {
  ...originateInput,
  origin: { kind: "request", by: "ann" },
  to: "5002",
  role: "caller",
  first: { kind: "user", userId: "ann", name: "Ann", number: "5001" },
  autoAnswer: true,
  leadsTo: { kind: "dial", to: { kind: "user", userId: "ben", name: "Ben", number: "5002" }, callerId: "5001" },
};

const colleagues: Readonly<Record<string, string>> = { "5001": "ann", "5002": "ben", "5003": "cleo" };

export const mediaSettings: MediaSettings = {
  ssrcOf: () => 7,
  recordingPath: (_account, _call, name) => `/recordings/${name}.wav`,
  mediaTimeoutMs: 90_000,
};

export function negotiatedOf(changes: Partial<Negotiated> = {}): Negotiated {
  return {
    codec: "PCMU",
    payloadType: 0,
    telephoneEvent: 101,
    remote: { address: "192.0.2.9", port: 40_000, rtcpPort: 40_001 },
    direction: "sendrecv",
    stated: "sendrecv",
    ...changes,
  };
}

export function dialogOf(legId: string): DialogValues {
  return {
    role: "uac",
    state: "confirmed",
    callId: `call-${legId}`,
    localTag: "us",
    remoteTag: "them",
    localAddress: "<sip:us@192.0.2.1>",
    remoteAddress: "<sip:them@192.0.2.9>",
    localContact: `sip:${legId}@192.0.2.1`,
    remoteTarget: "sip:them@192.0.2.9",
    routeSet: [],
    localCseq: 1,
    remoteCseq: undefined,
    protocol: "udp",
    peer: { protocol: "udp", address: "192.0.2.9", port: 5060 },
    reachedAtPeer: false,
  };
}

function routeTo(number: string): LegRoute {
  return {
    trunkId: "t",
    requestUri: `sip:${number}@192.0.2.9`,
    host: "192.0.2.9",
    port: 5060,
    protocol: "udp",
    fromUri: "sip:+18144043093@192.0.2.1",
    toUri: `sip:${number}@192.0.2.9`,
    mediaToSource: false,
  };
}

/** Dials a second party on the digit 5, a number or an agent of its own, plays on every other; hangs up when a deadline comes. */
const busyScript: Script["next"] = (state, event) => {
  const visit = state.visit + 1;
  const wait = { for: "digit", deadlineAt: clockStart + visit * 20_000 };
  if (event.kind === "deadline") return { node: null, visit, wait: null, exit: "timeout", actions: [] };
  if (event.kind === "digit" && event.digit === "5") {
    return {
      node: "dial",
      visit,
      wait: null,
      set: { visits: visit },
      actions: [{ kind: "dial", dialId: `d${visit}`, to: visit % 2 === 0 ? "+4930123456" : `60${visit}`, ringMs: 15_000 }],
    };
  }
  return {
    node: "talk",
    visit,
    wait,
    actions: [{ kind: "play", promptId: `p${visit}`, items: [{ kind: "speech", text: "Hello" }], bargeIn: true }],
  };
};

export type FakeSurroundings = { -readonly [K in keyof Surroundings]: Surroundings[K] };

/** Ids count up; two devices ring for every number except +1900…, which no trunk takes. */
export function fakeSurroundings(options: { readonly script?: Script["next"] } = {}): FakeSurroundings {
  let ids = 0;
  let port = 20_000;
  return {
    now: clockStart,
    nextId: () => (++ids).toString(16).padStart(24, "0"),
    acquirePort: () => (port += 2),
    route: (_accountId, to) => {
      const number = to.kind === "number" ? to.number : "";
      if (number.startsWith("+1900")) return { ok: false, outcome: outcomes.noRoute(number) };
      return { ok: true, routes: number.startsWith("+49") ? [routeTo(number), routeTo(number)] : [routeTo(number)] };
    },
    redirect: (_accountId, from, contacts) => contacts.map((requestUri) => ({ ...from, requestUri })),
    destination(_accountId, to) {
      const userId = to.startsWith("60") ? `agent ${to}` : colleagues[to];
      if (userId !== undefined) return { kind: "user", userId, name: userId, number: to };
      return to.startsWith("+") ? { kind: "number", number: to } : undefined;
    },
    addressOfUser: (_accountId, userId) => ({ kind: "user", userId, name: userId }),
    qualityOf: () => undefined,
    mediaTimeoutMs: mediaSettings.mediaTimeoutMs,
    script: { next: options.script ?? busyScript, keep: () => undefined },
  };
}

export function callOf(call: Call): string {
  return call.id;
}
