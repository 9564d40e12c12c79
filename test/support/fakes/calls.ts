/** Calls without SIP or media: a far end that rings, answers and hangs up when a test says so. */
import {
  type Call,
  type CallCommand,
  type CallEvent,
  callRefusal,
  type Calls,
  type Originate,
  type Outcome,
  type Seat,
} from "../../../src/calls/index.ts";
import { type Directory, isE164 } from "../../../src/directory/index.ts";
import type { Clock, Ids } from "../../../src/kernel/index.ts";
import type { FakeViews } from "./views.ts";

const hungUpHere: Outcome = { result: "completed", side: "local", q850: 16, text: "Normal clearing" };

export class FakeCalls implements Calls {
  readonly #directory: Directory;
  readonly #views: FakeViews;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #live = new Map<string, Call>();
  readonly #commands = new Map<string, Promise<Call>>();
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

  send(accountId: string, callId: string, command: CallCommand, commandId?: string): Promise<Call> {
    return this.#once(commandId, async () => this.#obey(accountId, callId, command));
  }

  ring(callId: string): Call {
    return this.#eachLeg(callId, { state: "ringing", rangAt: this.#clock.now() }, "alerting");
  }

  answer(callId: string): Call {
    const answered = this.#eachLeg(callId, { state: "answered", answeredAt: this.#clock.now(), acknowledged: true }, "active");
    return this.#put({ ...answered, answeredAt: this.#clock.now() });
  }

  end(callId: string, outcome: Outcome = hungUpHere): Call {
    const at = this.#clock.now();
    const left = this.#eachLeg(callId, { state: "ended", endedAt: at, outcome }, "left");
    const parties = Object.fromEntries(Object.entries(left.parties).map(([id, party]) => [id, { ...party, leftAt: at, outcome }]));
    this.#live.delete(callId);
    return this.#put({ ...left, parties, endedAt: at, outcome }, { kind: "call.ended", at, outcome });
  }

  #create(accountId: string, { by, to, callerId, flowId, ringMs = 60_000, totalMs = 3_600_000, data = {} }: Originate): Call {
    const { flows, numbers, trunks } = this.#directory;
    if (this.isUnavailable) throw callRefusal("CALLS_UNAVAILABLE");
    const flow = flows.get(accountId, flowId);
    if (flow === undefined) throw callRefusal("CALL_FLOW_UNKNOWN", { flowId });
    if (!isE164(to)) throw callRefusal("CALL_NUMBER_INVALID", { number: to });
    if (numbers.byNumber(callerId)?.accountId !== accountId) throw callRefusal("CALL_CALLER_ID_NOT_OWNED", { callerId });
    const at = this.#clock.now();
    const [id, partyId, legId, bridgeId] = [this.#ids.next(), this.#ids.next(), this.#ids.next(), this.#ids.next()] as const;
    const trunk = trunks.list(accountId).find(({ prefixes }) => prefixes.some((prefix) => to.startsWith(prefix)));
    const script = { flowId, version: flow.version, hash: flow.hash };
    const facts = {
      origin: { kind: "request", by },
      direction: "outbound",
      from: callerId,
      to,
      limits: { ringMs, totalMs },
      script,
      data,
    } as const;
    const seat: Seat = { partyId, state: "dialling", since: at, waitedMs: 0, activeMs: 0, heldMs: 0 };
    const call: Call = {
      ...facts,
      id,
      accountId,
      seq: 1,
      createdAt: at,
      changedAt: at,
      parties: { [partyId]: { id: partyId, role: "callee", address: { kind: "number", number: to }, joinedAt: at, ringMs } },
      legs: {
        [legId]: {
          id: legId,
          partyId,
          direction: "outbound",
          state: "inviting",
          route: {
            ...(trunk === undefined ? {} : { trunkId: trunk.id }),
            requestUri: `sip:${to}@127.0.0.1`,
            host: "127.0.0.1",
            port: 5060,
            protocol: "udp",
            fromUri: `sip:${callerId}@127.0.0.1`,
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
      log: [{ at, text: `Calling ${to} from ${callerId}` }],
      recoveries: 0,
    };
    this.#put(call, { kind: "call.created", at, callId: id, accountId, bridgeId, ...facts });
    if (trunk !== undefined) return call;
    return this.end(id, { result: "no-route", side: "local", sipStatus: 404, q850: 3, text: "No trunk takes this number" });
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
