/** What all scenarios share: a house with a far end, callers and phones on the virtual network, and ways to look at what happened. */
import { type Call, replay } from "../../src/calls/index.ts";
import { silentLogger } from "../../src/kernel/index.ts";
import { createAnswer, createOffer, formatSdp, type LocalMedia, parseSdp } from "../../src/sdp/index.ts";
import { authorize, type Body, ha1Of, type InviteEvents, type InviteUsage } from "../../src/sip/index.ts";
import { formatMessage } from "../../src/sip/message/format-message.ts";
import type { SipRequest, SipResponse } from "../../src/sip/message/message.ts";
import { accountId, callHouse, type CallHouse, type HouseOptions, MemoryJournal, ownedNumber } from "../support/call-house.ts";
import { type EventLog, recorded, type UserAgent, userAgent } from "../support/sip-ends.ts";
import { VirtualClock } from "../support/virtual-clock.ts";
import { type NetworkWeather, VirtualNetwork } from "../support/virtual-network.ts";

export const houseAddress = "192.0.2.1";
export const farAddress = "192.0.2.9";
export const numberToDial = "+12025550100";

/** A far end that was called, or that calls. */
export type FarEnd = {
  readonly agent: UserAgent;
  readonly log: EventLog;
  /** Of its latest call. */
  usage(): InviteUsage;
};

export type World = { readonly clock: VirtualClock; readonly network: VirtualNetwork; readonly journal: MemoryJournal };
export type Scene = World & { house: CallHouse; readonly far: FarEnd };

export type Behaviour = {
  /** undefined: never answers. */
  readonly answersAfterMs?: number;
  readonly rejectsWith?: number;
  readonly silent?: boolean;
  /** Describes itself in 183 before it answers, reliably if that is possible. */
  readonly progresses?: boolean;
  /** Answers at once when it is asked to. */
  readonly autoAnswers?: boolean;
  /** What it can do, when that is not plain; and what it answers, when that does not follow from it. */
  readonly media?: Partial<LocalMedia>;
  readonly answer?: string;
};

async function world(weather: Partial<NetworkWeather> = {}, options: HouseOptions = {}): Promise<World & { house: CallHouse }> {
  const clock = new VirtualClock(1_800_000_000_000);
  const network = new VirtualNetwork(clock, { seed: 1, ...weather });
  const journal = new MemoryJournal(clock);
  return { clock, network, journal, house: await callHouse(network, clock, journal, houseAddress, undefined, options) };
}

/** A house with one flow and one trunk, to whose far end every number leads. */
export async function scene(
  document: unknown,
  behaviour: Behaviour = { answersAfterMs: 1000 },
  weather: Partial<NetworkWeather> = {},
  options: HouseOptions = {},
): Promise<Scene> {
  const at = await world(weather, options);
  await at.house.addFlow(document);
  await at.house.addTrunk({ host: farAddress });
  return { ...at, far: callee(at, farAddress, behaviour) };
}

/** The process dies, `gapMs` pass, and another one goes on from the journal. */
export async function crash(at: Scene | (World & { house: CallHouse }), gapMs: number): Promise<void> {
  at.journal.crash();
  await at.house.endOfProcess();
  await at.clock.advanceAsync(gapMs);
  at.house = await callHouse(at.network, at.clock, at.journal, houseAddress, at.house);
  at.house.calls.recover(await replay(at.journal, silentLogger));
  await at.clock.advanceAsync(5);
}

/** Rings, then does as told; agrees to every re-INVITE. */
export function callee({ network, clock }: World, address: string, behaviour: Behaviour): FarEnd {
  const agent = userAgent(network, clock, address, "udp", { extensions: ["replaces"] });
  const answer = (offer: Body | undefined) =>
    behaviour.answer === undefined
      ? answerTo(offer, mediaAt(address, behaviour.media))
      : { contentType: "application/sdp", content: behaviour.answer };
  const log = recorded({ offered: (offer, respond) => respond(200, answer(offer)) });
  let latest: InviteUsage | undefined;
  agent.stack.onInvite((transaction) => {
    if (behaviour.silent === true) return;
    const contact = agent.stack.contactUri("leg-b", agent.address);
    const usage = agent.stack.acceptInvite(transaction, { localTag: `tag-${address}`, contact }, log.events);
    latest = usage;
    const { rejectsWith, answersAfterMs, progresses = false } = behaviour;
    const offer = { contentType: "application/sdp", content: transaction.request.body };
    if (progresses) usage.ring(183, answer(offer));
    else usage.ring(180);
    const isAsked = transaction.request.headers.get("Call-Info")?.endsWith(";answer-after=0") === true;
    if (behaviour.autoAnswers === true && isAsked) usage.answer(answer(offer));
    else if (rejectsWith !== undefined) usage.reject(rejectsWith);
    else if (answersAfterMs !== undefined) clock.after(answersAfterMs, () => usage.answer(answer(offer)));
  });
  return { agent, log, usage: () => latest ?? never(`${address} was not called`) };
}

export type CallingOptions = {
  readonly to: string;
  readonly from?: string;
  /** Record-Route and the like, as proxies on the way would add them. */
  readonly headers?: readonly (readonly [string, string])[];
  /** What it can do, when that is not plain; and its session description, when that does not say so. */
  readonly media?: Partial<LocalMedia>;
  /** Session interval it asks for, in seconds (RFC 4028). */
  readonly intervalS?: number;
  /** Empty when the INVITE has none and ours is answered. */
  readonly offer?: string;
  /** Answers requests in its dialog. */
  readonly received?: InviteEvents["received"];
  /** Makes the answer to a challenge; the call is tried once more with it. */
  readonly authorization?: (challenge: SipResponse) => readonly [string, string];
};

/** No two calls have the same Call-ID. */
let calls = 0;

/** Someone who calls the house. */
export function caller({ network, clock }: World, address: string, options: CallingOptions): FarEnd {
  const { to, from = "+4930900", headers = [], authorization, intervalS, received } = options;
  const media = mediaAt(address, options.media);
  const { offer = formatSdp(createOffer(media)) } = options;
  const sessionTimer = intervalS === undefined ? undefined : { intervalS, minS: 90 };
  const agent = userAgent(network, clock, address, "udp", { sessionTimer });
  const name = `${address}-${++calls}`;
  let latest: InviteUsage | undefined;
  const log = recorded({
    ...(received && { received }),
    progressed: (description) => (offer === "" ? answerTo(description, media) : undefined),
    answered: (response, _values, agreedEarly) =>
      offer === "" && !agreedEarly ? answerTo({ contentType: "", content: response.body }, media) : undefined,
    offered: (changed, respond) => respond(200, answerTo(changed, media)),
    challenged: (response) => {
      if (authorization !== undefined) latest = call(2, authorization(response));
    },
  });
  const call = (sequence: number, header?: readonly [string, string]) =>
    agent.stack.invite(
      {
        requestUri: `sip:${to}@${houseAddress}`,
        from: `<sip:${from}@${address}>`,
        to: `<sip:${to}@${houseAddress}>`,
        callId: `call-${name}`,
        localTag: `tag-${name}`,
        branch: `z9hG4bK-${name}-${sequence}`,
        sequence,
        contact: agent.stack.contactUri("caller", agent.address),
        destinations: [{ protocol: "udp", address: houseAddress, port: 5060 }],
        body: offer === "" ? undefined : { contentType: "application/sdp", content: offer },
        headers,
        ...(header && { authorization: header }),
      },
      log.events,
    );
  latest = call(1);
  return { agent, log, usage: () => latest ?? never("no call was made") };
}

/** A phone that may call, and whose user can be called by its name at the addresses where it is registered. */
export async function addPhone(house: CallHouse, username: string, registeredAt: readonly string[] = []): Promise<void> {
  const id = Buffer.from(username.padEnd(12)).toString("hex");
  const { md5, sha256 } = ha1Of(username, "callwright", `${username}-password`);
  await house.addPhone({ id, accountId, createdAt: 1, updatedAt: 1, userId: `user-${username}`, username, ha1Md5: md5, ha1Sha256: sha256 });
  house.contacts.set(id, registeredAt);
}

/** Answers challenges as this phone. */
export function signedAs(username: string, password = `${username}-password`): NonNullable<CallingOptions["authorization"]> {
  return (challenge) => {
    const uri = `sip:${houseAddress}`;
    return authorize(challenge, { username, secret: { password }, method: "INVITE", uri, cnonce: "c", count: 1 }) ?? never("no challenge");
  };
}

export function mediaAt(address: string, changes: Partial<LocalMedia> = {}): LocalMedia {
  return {
    address,
    port: 40_000,
    sessionId: "1",
    version: 1,
    codecs: ["PCMU"],
    telephoneEvent: true,
    direction: "sendrecv",
    ptimeMs: 20,
    ...changes,
  };
}

function answerTo(offer: Body | undefined, media: LocalMedia): Body {
  const parsed = parseSdp(offer?.content ?? "");
  const made = parsed.ok ? createAnswer(parsed.value, media) : undefined;
  return { contentType: "application/sdp", content: formatSdp(made?.ok ? made.answer : createOffer(media)) };
}

export async function originate({ house, clock }: Scene): Promise<Call> {
  const [flow] = house.directory.flows.list(accountId);
  const promise = house.calls.originate(accountId, { by: "u", to: numberToDial, callerId: ownedNumber, flowId: flow?.id ?? "" });
  await clock.advanceAsync(2);
  return promise;
}

/** A call to the far end that it has answered. */
export async function answered(at: Scene): Promise<Call> {
  await originate(at);
  await at.clock.advanceAsync(1500);
  return callNow(at);
}

/** The only call, or the latest of several, as the views show it. */
export async function callNow({ house }: { readonly house: CallHouse }): Promise<Call> {
  const { items } = await house.views.list(accountId, {}, { limit: 1 });
  return items[0] ?? never("there is no call");
}

export function requestsFrom(network: VirtualNetwork, address: string, method: string): readonly SipRequest[] {
  return network.seen.flatMap(({ message, from }) =>
    message.kind === "request" && message.method === method && from === `${address}:5060` ? message : [],
  );
}

/** Requests of the house, one for each transaction. */
export function requests(network: VirtualNetwork, method: string): readonly SipRequest[] {
  const byBranch = new Map(requestsFrom(network, houseAddress, method).map((request) => [request.headers.get("Via"), request]));
  return [...byBranch.values()];
}

export function statusesTo(network: VirtualNetwork, address: string, method: string): readonly number[] {
  return network.seen.flatMap(({ message, to }) =>
    message.kind === "response" && to === `${address}:5060` && message.headers.get("CSeq")?.endsWith(method) === true ? message.status : [],
  );
}

export function bytesOf(message: SipRequest | undefined): string {
  return message === undefined ? "" : Buffer.from(formatMessage(message)).toString();
}

export async function hangUp({ house, clock }: World & { readonly house: CallHouse }, call: Call): Promise<void> {
  const ended = house.calls.send(accountId, call.id, { kind: "hang-up", by: "u" });
  await clock.advanceAsync(500);
  await ended;
}

/** Calls from the trunk at this address to the owned number run the first flow. */
export async function callsComeFrom(house: CallHouse, address: string): Promise<void> {
  const [flow] = house.directory.flows.list(accountId);
  const [number] = house.directory.numbers.list(accountId);
  if (number !== undefined) await house.directory.numbers.update({ ...number, flowId: flow?.id ?? null });
  await house.addTrunk({ host: address, prefixes: ["+999"], sourceAddresses: [address] });
}

export function cseqOf(request: SipRequest | undefined): number {
  return Number.parseInt(request?.headers.get("CSeq") ?? "", 10);
}

/** What each party hears now: a prompt by its id, or the kind of source. */
export function heardBy({ house }: { readonly house: CallHouse }, call: Call): readonly string[] {
  return (house.media.plans.get(call.id)?.endpoints ?? []).map(({ source }) =>
    source.kind === "prompt" ? source.prompt.promptId : source.kind === "mix" ? `mix ${source.endpointIds.join(" ")}` : source.kind,
  );
}

export function legsOf(call: Call): readonly string[] {
  return Object.keys(call.legs);
}

function never(why: string): never {
  throw new Error(why);
}
