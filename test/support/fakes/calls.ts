/** Calls without SIP or media: a far end that rings, answers and hangs up when a test says so. */
import {
  type Call,
  type CallCommand,
  type CallEvent,
  callRefusal,
  type Calls,
  type Dial,
  type Originate,
  type Outcome,
  type Party,
  type ScriptPin,
  type Seat,
} from "../../../src/calls/index.ts";
import { type Directory, isE164 } from "../../../src/directory/index.ts";
import type { Clock, Ids } from "../../../src/kernel/index.ts";
import type { FakeViews } from "./views.ts";

const hungUpHere: Outcome = { result: "completed", side: "local", q850: 16, text: "Normal clearing" };

type Facts = Pick<Call, "origin" | "direction" | "from" | "to" | "data"> &
  Partial<Pick<Call, "limits" | "script" | "userData" | "callback">>;

export class FakeCalls implements Calls {
  readonly #directory: Directory;
  readonly #views: FakeViews;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #live = new Map<string, Call>();
  readonly #commands = new Map<string, Promise<Call>>();
  /** Those that change nothing here. */
  readonly commands: CallCommand[] = [];
  /** What commands that change nothing here are answered with. */
  refusal: "CALL_PARTY_UNKNOWN" | undefined;
  /** While true no new calls are taken. */
  isUnavailable = false;

  constructor(directory: Directory, views: FakeViews, clock: Clock, ids: Ids) {
    this.#directory = directory;
    this.#views = views;
    this.#clock = clock;
    this.#ids = ids;
  }

  originate(accountId: string, request: Originate, commandId?: string): Promise<Call> {
    return this.#once(commandId, async () => this.#create(accountId, request));
  }

  /** Rings the user's own phone; the other side is not dialled here. */
  dial(accountId: string, { by, to, callerId = "anonymous", userData = {}, data = {} }: Dial, commandId?: string): Promise<Call> {
    return this.#once(commandId, async () => {
      const user = this.#directory.users.get(accountId, by);
      if (this.isUnavailable) throw callRefusal("CALLS_UNAVAILABLE");
      if (user === undefined) throw callRefusal("CALL_DESTINATION_UNKNOWN", { to });
      const address = { kind: "user", userId: by, name: user.email } as const;
      const facts = { origin: { kind: "request", by }, direction: "outbound", from: callerId, to, data, userData } as const;
      return this.#begin(accountId, facts, { role: "caller", address, ringMs: 60_000 }, {});
    });
  }

  send(accountId: string, callId: string, command: CallCommand, commandId?: string): Promise<Call> {
    return this.#once(commandId, async () => this.#obey(accountId, callId, command));
  }

  ring(callId: string): Call {
    return this.#eachLeg(callId, { state: "ringing", rangAt: this.#clock.now() }, "alerting");
  }

  answer(callId: string): Call {
    const answered = this.#eachLeg(callId, { state: "answered", answeredAt: this.#clock.now(), acknowledged: true }, "active");
    const at = this.#clock.now();
    const parties = Object.fromEntries(Object.entries(answered.parties).map(([id, party]) => [id, { ...party, answeredAt: at }]));
    return this.#put({ ...answered, parties, answeredAt: at });
  }

  end(callId: string, outcome: Outcome = hungUpHere): Call {
    const at = this.#clock.now();
    const left = this.#eachLeg(callId, { state: "ended", endedAt: at, outcome }, "left");
    const parties = Object.fromEntries(Object.entries(left.parties).map(([id, party]) => [id, { ...party, leftAt: at, outcome }]));
    this.#live.delete(callId);
    return this.#put({ ...left, parties, endedAt: at, outcome }, { kind: "call.ended", at, outcome });
  }

  #create(accountId: string, request: Originate): Call {
    const { by, callerId, ringMs = 60_000, totalMs = 3_600_000, data = {}, callback } = request;
    const { numbers, trunks } = this.#directory;
    if (this.isUnavailable) throw callRefusal("CALLS_UNAVAILABLE");
    const script = this.#pinOf(accountId, request);
    const address = typeof request.to === "string" ? ({ kind: "number", number: request.to } as const) : request.to;
    const to = address.kind === "number" ? address.number : address.uri;
    if (address.kind === "number" && !isE164(to)) throw callRefusal("CALL_NUMBER_INVALID", { number: to });
    const from = typeof callerId === "string" ? callerId : callerId.name;
    if (typeof callerId === "string" && numbers.byNumber(callerId)?.accountId !== accountId) {
      throw callRefusal("CALL_CALLER_ID_NOT_OWNED", { callerId });
    }
    const taking = trunks.list(accountId).find(({ prefixes }) => prefixes.some((prefix) => to.startsWith(prefix)));
    const route = taking === undefined ? {} : { trunkId: taking.id };
    const facts = {
      origin: { kind: "request", by },
      direction: "outbound",
      from,
      to,
      limits: { ringMs, totalMs },
      script,
      data,
      ...(callback !== undefined && { callback }),
    } as const;
    const call = this.#begin(accountId, facts, { role: "callee", address, ringMs }, route);
    if (taking !== undefined || address.kind === "uri") return call;
    return this.end(call.id, { result: "no-route", side: "local", sipStatus: 404, q850: 3, text: "No trunk takes this number" });
  }

  #pinOf(accountId: string, request: Originate): ScriptPin {
    if ("flow" in request) return { flowId: "", version: 1, hash: request.flow.hash };
    const { flowId } = request;
    const flow = this.#directory.flows.get(accountId, flowId);
    if (flow === undefined) throw callRefusal("CALL_FLOW_UNKNOWN", { flowId });
    return { flowId, version: flow.version, hash: flow.hash };
  }

  #begin(accountId: string, facts: Facts, party: Pick<Party, "role" | "address" | "ringMs">, route: { readonly trunkId?: string }): Call {
    const at = this.#clock.now();
    const { to, from } = facts;
    const { limits = { ringMs: party.ringMs, totalMs: 3_600_000 } } = facts;
    const [id, partyId, legId, bridgeId] = [this.#ids.next(), this.#ids.next(), this.#ids.next(), this.#ids.next()] as const;
    const seat: Seat = { partyId, state: "dialling", since: at, waitedMs: 0, activeMs: 0, heldMs: 0 };
    const call: Call = {
      userData: {},
      ...facts,
      limits,
      id,
      accountId,
      seq: 1,
      createdAt: at,
      changedAt: at,
      parties: { [partyId]: { ...party, id: partyId, joinedAt: at } },
      legs: {
        [legId]: {
          id: legId,
          partyId,
          direction: "outbound",
          state: "inviting",
          route: {
            ...route,
            requestUri: `sip:${to}@127.0.0.1`,
            host: "127.0.0.1",
            port: 5060,
            protocol: "udp",
            fromUri: `sip:${from}@127.0.0.1`,
            toUri: `sip:${to}@127.0.0.1`,
            mediaToSource: false,
          },
          createdAt: at,
          attempt: 1,
          owes: null,
          localPort: 20_000,
          acknowledged: false,
          version: 1,
        },
      },
      bridges: { [bridgeId]: { id: bridgeId, kind: "main", createdAt: at, seats: { [partyId]: seat } } },
      log: [{ at, text: `Calling ${to} from ${from}` }],
      recoveries: 0,
    };
    return this.#put(call, { kind: "call.created", at, callId: id, accountId, bridgeId, ...facts, limits });
  }

  #obey(accountId: string, callId: string, command: CallCommand): Call {
    const call = this.#live.get(callId);
    if (call?.accountId !== accountId) throw callRefusal(this.#views.has(accountId, callId) ? "CALL_ENDED" : "CALL_NOT_FOUND", { callId });
    const at = this.#clock.now();
    switch (command.kind) {
      case "hold":
      case "retrieve": {
        const [from, to] = command.kind === "hold" ? (["active", "held"] as const) : (["held", "active"] as const);
        if (Object.values(seatsOf(call)).every((seat) => seat.state !== from)) {
          throw callRefusal("CALL_STATE_FORBIDS", { reason: `no party is ${from}` });
        }
        const reason = command.kind === "hold" && command.reason !== undefined ? { holdReason: command.reason } : {};
        const held = command.kind === "hold" ? { heldBy: command.by, ...reason } : {};
        return this.#put(withSeats(call, (seat) => (seat.state === from ? moved(seat, to, at, held) : seat)));
      }
      case "set-data": {
        const data = Object.fromEntries(
          Object.entries({ ...call.data, ...command.set }).filter((entry): entry is [string, string] => entry[1] !== null),
        );
        return this.#put({ ...call, data }, { kind: "data.changed", at, set: command.set, by: command.by });
      }
      case "set-user-data": {
        const kept = Object.entries({ ...(command.clear === true ? {} : call.userData), ...command.set }).filter(
          ([, value]) => value !== null,
        );
        const { by, clear = false, set } = command;
        return this.#put({ ...call, userData: Object.fromEntries(kept) }, { kind: "user-data.changed", at, by, clear, set });
      }
      case "mute":
      case "unmute":
        return this.#put(withSeats(call, (seat) => ({ ...seat, muted: command.kind === "mute" })));
      case "answer":
        return this.answer(callId);
      case "send-digits":
      case "transfer":
      case "refer":
      case "add-party":
      case "supervise":
      case "set-party":
      case "announce":
      case "end-announcement":
      case "play":
      case "change-playback":
      case "end-playback":
        if (this.refusal !== undefined) throw callRefusal(this.refusal);
        this.commands.push(command);
        return call;
      case "start-recording": {
        const { kind: _kind, partyId = Object.keys(call.parties)[0] ?? "", ...order } = command;
        const recording = { ...order, part: 1, begunAt: at, earlierMs: 0, silenceMs: 0, finishOn: "" };
        return this.#put(withRecordings(call, partyId, (recordings) => [...recordings, recording]));
      }
      case "stop-recording":
      case "pause-recording":
      case "resume-recording": {
        const { recordingId } = command;
        const party = Object.values(call.parties).find(({ recordings = [] }) => recordings.some((one) => one.recordingId === recordingId));
        if (party === undefined) throw callRefusal("CALL_RECORDING_UNKNOWN", { recordingId });
        return this.#put(
          withRecordings(call, party.id, (recordings) =>
            recordings.flatMap((one) => {
              const { isPaused: _isPaused, ...running } = one;
              if (one.recordingId !== recordingId) return one;
              if (command.kind === "stop-recording") return [];
              return command.kind === "pause-recording" ? { ...running, isPaused: true } : running;
            }),
          ),
        );
      }
      case "leave":
      // A call of one party ends with it.
      case "drop":
      case "hang-up":
        return this.end(callId);
    }
  }

  #eachLeg(callId: string, change: Partial<Call["legs"][string]>, seatState: Seat["state"]): Call {
    const call = this.#live.get(callId);
    if (call === undefined) throw new Error(`no live call ${callId}`);
    const at = this.#clock.now();
    const legs = Object.fromEntries(Object.entries(call.legs).map(([id, leg]) => [id, { ...leg, ...change }]));
    return this.#put(withSeats({ ...call, legs }, (seat) => moved(seat, seatState, at, {})));
  }

  #put(call: Call, ...events: readonly CallEvent[]): Call {
    const changed = { ...call, seq: call.seq + events.length, changedAt: this.#clock.now() };
    if (changed.endedAt === undefined) this.#live.set(call.id, changed);
    return this.#views.put(changed, ...events);
  }

  #once(commandId: string | undefined, run: () => Promise<Call>): Promise<Call> {
    if (commandId === undefined) return run();
    const result = this.#commands.get(commandId) ?? run();
    this.#commands.set(commandId, result);
    return result;
  }
}

function seatsOf(call: Call): Readonly<Record<string, Seat>> {
  return Object.values(call.bridges)[0]?.seats ?? {};
}

function withSeats(call: Call, change: (seat: Seat) => Seat): Call {
  const bridges = Object.entries(call.bridges).map(([id, bridge]) => {
    const seats = Object.fromEntries(Object.entries(bridge.seats).map(([partyId, seat]) => [partyId, change(seat)]));
    return [id, { ...bridge, seats }] as const;
  });
  return { ...call, bridges: Object.fromEntries(bridges) };
}

function moved(seat: Seat, state: Seat["state"], at: number, held: Pick<Seat, "heldBy" | "holdReason">): Seat {
  const { heldBy: _by, holdReason: _reason, ...rest } = seat;
  const spentMs = at - seat.since;
  const total = seat.state === "active" ? "activeMs" : seat.state === "held" ? "heldMs" : "waitedMs";
  return { ...rest, ...held, state, since: at, [total]: seat[total] + (seat.state === "left" ? 0 : spentMs) };
}

type Recordings = NonNullable<Party["recordings"]>;

function withRecordings(call: Call, partyId: string, change: (recordings: Recordings) => Recordings): Call {
  const party = call.parties[partyId];
  if (party === undefined) return call;
  return { ...call, parties: { ...call.parties, [partyId]: { ...party, recordings: change(party.recordings ?? []) } } };
}
