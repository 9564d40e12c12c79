/** Users with lines and phones, and what they do to their calls. */
import type { Call, CallCommand, Dial } from "../../src/calls/index.ts";
import { accountId, type HouseOptions } from "../support/call-house.ts";
import type { NetworkWeather } from "../support/virtual-network.ts";
import { addPhone, type Behaviour, callee, callNow, type FarEnd, type Scene, scene } from "./scene.ts";

export const [annAddress, benAddress] = ["192.0.2.71", "192.0.2.72"];
const colleagues = { ann: ["5001", annAddress], ben: ["5002", benAddress], cleo: ["5003", "192.0.2.73"] } as const;
export type Colleague = keyof typeof colleagues;

export type Office = Scene & { readonly phones: Readonly<Record<Colleague, FarEnd>> };

export const soon: Behaviour = { answersAfterMs: 100 };

/** Three colleagues, each with a phone; `away` has none registered. Numbers lead to the far end. */
export async function office(
  behaviour: Partial<Record<Colleague | "far", Behaviour>> = {},
  {
    away,
    document = { start: "hi", nodes: { hi: { verb: "say", text: "Hi" } } },
    options,
    weather = {},
  }: {
    readonly away?: Colleague;
    readonly document?: unknown;
    readonly options?: HouseOptions;
    readonly weather?: Partial<NetworkWeather>;
  } = {},
): Promise<Office> {
  const at = await scene(document, behaviour.far ?? soon, weather, options);
  const { directory } = at.house;
  const dates = { accountId, createdAt: 1, updatedAt: 1 };
  for (const [name, [number, address]] of Object.entries(colleagues)) {
    const person = { email: `${name}@example.com`, firstName: name, lastName: "", roles: ["user"], passwordHash: "" } as const;
    await directory.users.insert({ ...dates, ...person, id: userOf(name) });
    await directory.lines.insert({ ...dates, id: `line-${name}`, userId: userOf(name), number });
    await addPhone(at.house, name, name === away ? [] : [address]);
  }
  const phone = (name: Colleague) => callee(at, colleagues[name][1], behaviour[name] ?? soon);
  return { ...at, phones: { ann: phone("ann"), ben: phone("ben"), cleo: phone("cleo") } };
}

export function userOf(name: string): string {
  return `user-${name}`;
}

export async function dial(at: Office, who: Colleague, to: string, more: Partial<Dial> = {}): Promise<Call> {
  const made = settled(at.house.calls.dial(accountId, { by: userOf(who), to, ...more }));
  await at.clock.advanceAsync(5);
  return made();
}

/** A call between two colleagues who talk. */
export async function talking(at: Office, who: Colleague = "ann", to = "5002"): Promise<Call> {
  const call = await dial(at, who, to);
  await at.clock.advanceAsync(1000);
  return now(at, call);
}

type Order = CallCommand extends infer C ? (C extends CallCommand ? Omit<C, "by"> : never) : never;

/** Sends a command as this user; rejects with its refusal. */
export async function order(at: Office, call: Call, who: Colleague, command: Order, passMs = 500): Promise<Call> {
  const sent = settled(at.house.calls.send(accountId, call.id, { ...command, by: userOf(who) }));
  await at.clock.advanceAsync(passMs);
  return sent();
}

/** So that a refusal while time passes is not an unhandled one. */
function settled<T>(promise: Promise<T>): () => Promise<T> {
  promise.catch(() => undefined);
  return () => promise;
}

export async function now(at: Pick<Office, "house">, call: Call): Promise<Call> {
  return (await at.house.views.get(accountId, call.id)) ?? callNow(at);
}

/** The seat of each party by its name or number, in the order in which they came. */
export function seats(call: Call): Readonly<Record<string, string>> {
  const all = Object.values(call.bridges).flatMap((bridge) => Object.values(bridge.seats));
  return Object.fromEntries(all.map(({ partyId, state }) => [nameOf(call, partyId), state]));
}

/** The id of the party that is there by this name or number. */
export function partyOf(call: Call, name: string): string {
  const present = Object.values(call.parties).find(({ id, leftAt }) => leftAt === undefined && nameOf(call, id) === name);
  return present?.id ?? "";
}

function nameOf(call: Call, partyId: string): string {
  const address = call.parties[partyId]?.address;
  return address?.kind === "user" ? address.name : address?.kind === "number" ? address.number : (address?.uri ?? "");
}

/** What each party hears now, by name: whom, or which kind of sound. */
export function hearing({ house }: Pick<Office, "house">, call: Call): Readonly<Record<string, string>> {
  const nameOfLeg = (legId: string) => nameOf(call, call.legs[legId]?.partyId ?? "");
  const endpoints = house.media.plans.get(call.id)?.endpoints ?? [];
  return Object.fromEntries(
    endpoints.map(({ endpointId, source }) => [
      nameOfLeg(endpointId),
      source.kind === "mix" ? source.endpointIds.map(nameOfLeg).join(" ") : source.kind,
    ]),
  );
}
