/**
 * Who may call in and where that leads: a trunk by its source address to a number of its account, a phone by its digest credentials to
 * whatever it dialled. Anybody else gets the same challenge and the same refusal, which tell nothing of what exists.
 */
import type { Clock, Ids } from "../../kernel/index.ts";
import type { Directory, Phone, PhoneNumber } from "../../directory/index.ts";
import { isE164 } from "../../directory/index.ts";
import {
  type BareAnswer,
  type Body,
  type Challenger,
  type HeaderPair,
  type InviteServerTransaction,
  parseNameAddr,
  parseUri,
  responseTo,
  sessionBodyOf,
  type SipAddress,
  type SipRequest,
} from "../../sip/index.ts";
import type { InviteInput, ReplacingLeg } from "../decide/inputs.ts";
import type { Address, LegRoute, Limits, PeerInvite, ScriptPin } from "../model.ts";
import type { Ports } from "../ports.ts";
import type { Routing } from "../routing.ts";
import type { ScriptLibrary } from "../script.ts";
import { introductionOf, numberOf } from "./caller-identity.ts";
import { PhoneSignIn } from "./phone-sign-in.ts";
import { answerTo, type SessionsFor } from "./session.ts";

export type IncomingOptions = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly directory: Directory;
  readonly routing: Routing;
  readonly challenger: Challenger;
  readonly ports: Ports;
  readonly scripts: ScriptLibrary;
  readonly sessionFor: SessionsFor;
  readonly limits: Limits;
};

/** All of an InviteInput that is known before the dialog is. */
export type Admission = Omit<InviteInput, "kind" | "dialog">;

/** Who sends an INVITE with Replaces: a phone of this account, or what stands at the address of these trunks. */
export type Sender = { readonly accountId: string } | { readonly trunkIds: readonly string[] };

const headersToRepeat: ReadonlySet<string> = new Set([
  "Via",
  "From",
  "To",
  "Call-ID",
  "CSeq",
  "Record-Route",
  "Contact",
  // What its answers follow from: 100rel, UPDATE, session timer.
  "Require",
  "Supported",
  "Allow",
  "Session-Expires",
  "Min-SE",
]);

type Destination = Pick<
  InviteInput,
  "accountId" | "origin" | "from" | "to" | "caller" | "leadsTo" | "identity" | "diversions" | "headers"
> & {
  readonly trunkId?: string;
  readonly phoneId?: string;
  readonly mediaToSource: boolean;
  readonly codecs?: LegRoute["codecs"];
};

export class Incoming {
  readonly #options: IncomingOptions;
  readonly #signIn: PhoneSignIn;

  constructor(options: IncomingOptions) {
    this.#options = options;
    this.#signIn = new PhoneSignIn(options.challenger, options.directory);
  }

  /** For `SipStackOptions.screen`: an INVITE that can be nobody's is challenged without keeping anything of it. */
  screen(request: SipRequest, source: SipAddress): BareAnswer | undefined {
    if (request.method !== "INVITE" || this.#options.routing.trunksFrom(source.address).length > 0) return undefined;
    return this.#signIn.screen(request);
  }

  /** What to do with an initial INVITE; undefined when it has been refused already. */
  admit(transaction: InviteServerTransaction): Admission | undefined {
    const { request, source } = transaction;
    const trunks = this.#options.routing.trunksFrom(source.address);
    const called = userOf(request.uri);
    const found = trunks.length > 0 ? this.#options.routing.numberCalled(trunks, called) : undefined;
    if (found !== undefined && found.number.flowId !== null) {
      const { trunk, number } = found;
      const pin = this.#flowOf(number);
      if (pin === undefined) return refuse(transaction, 480);
      const { from, withheld: _withheld, isUnmet, ...introduced } = introductionOf(request.headers, trunk.policy);
      // RFC 3323 §5: a call that could not be as private as it must be does not go on.
      if (isUnmet) return refuse(transaction, 500);
      return this.#settle(transaction, {
        ...introduced,
        accountId: number.accountId,
        origin: { kind: "trunk", trunkId: trunk.id },
        from,
        to: number.number,
        caller: addressOf(from),
        leadsTo: { kind: "script", pin },
        trunkId: trunk.id,
        mediaToSource: trunk.mediaToSource,
        ...(trunk.codecs !== null && { codecs: trunk.codecs }),
      });
    }
    if (trunks.length > 0 && !this.#isPhone(request)) return refuse(transaction, 404);
    const phone = this.#phoneCalling(transaction);
    return phone === undefined ? undefined : this.#settle(transaction, this.#fromPhone(phone, called, request));
  }

  /** What an INVITE with Replaces (RFC 3891) would put in the place of a leg, and who sends it; undefined when it has been refused already. */
  admitReplacing(transaction: InviteServerTransaction): { readonly from: Sender; readonly by: Omit<ReplacingLeg, "dialog"> } | undefined {
    const { request, source } = transaction;
    const trunks = this.#options.routing.trunksFrom(source.address);
    const [trunk] = trunks;
    if (trunk !== undefined && !this.#isPhone(request)) {
      const caller = addressOf(introductionOf(request.headers, trunk.policy).from);
      const mediaToSource = trunks.some((one) => one.mediaToSource);
      const by = this.#legOf(transaction, { mediaToSource, ...(trunk.codecs !== null && { codecs: trunk.codecs }) }, true);
      return by && { from: { trunkIds: trunks.map(({ id }) => id) }, by: { ...by, caller } };
    }
    const phone = this.#phoneCalling(transaction);
    const by = phone && this.#legOf(transaction, { phoneId: phone.id, mediaToSource: true }, true);
    return phone && by && { from: { accountId: phone.accountId }, by: { ...by, caller: this.#callerAt(phone) } };
  }

  /** No call came of it. */
  withdraw({ localPort }: Pick<Admission, "localPort">): void {
    this.#options.ports.release(localPort);
  }

  #fromPhone(phone: Phone, called: string, { headers: sent }: SipRequest): Destination {
    const caller = this.#callerAt(phone);
    const to = this.#options.routing.destination(phone.accountId, called) ?? addressOf(called);
    // A number of the phone's own account needs no trunk: its flow takes the call here.
    const own = to.kind === "number" ? this.#options.directory.numbers.byNumber(to.number) : undefined;
    const pin = own?.accountId === phone.accountId ? this.#flowOf(own) : undefined;
    const shown = this.#options.routing.shownTo(to, caller, phone.accountId) ?? phone.username;
    const { from, identity, headers } = introductionOf(sent, undefined);
    const isHidden = identity?.isAnonymous === true;
    return {
      accountId: phone.accountId,
      origin: { kind: "phone", phoneId: phone.id, by: phone.userId },
      from: isHidden ? from : shown,
      ...(isHidden && { identity: { isAnonymous: true, withheld: shown } }),
      ...(headers && { headers }),
      to: called,
      caller,
      leadsTo: pin === undefined ? { kind: "dial", to } : { kind: "script", pin },
      phoneId: phone.id,
      mediaToSource: true,
    };
  }

  #callerAt(phone: Phone): Address {
    const user = this.#options.routing.userOf(phone);
    return user === undefined ? { kind: "uri", uri: phone.username } : this.#options.routing.addressOfUser(user);
  }

  /** The flow that takes calls to this number, kept for as long as a call may need it. */
  #flowOf({ accountId, flowId }: PhoneNumber): ScriptPin | undefined {
    const flow = flowId === null ? undefined : this.#options.directory.flows.get(accountId, flowId);
    if (flow === undefined) return undefined;
    const pin = { flowId: flow.id, version: flow.version, hash: flow.hash };
    this.#options.scripts.keep(pin, flow.document);
    return pin;
  }

  /** Claims to be a phone: by credentials, or by its name when it has not been challenged yet. It may stand at the address of a trunk. */
  #isPhone(request: SipRequest): boolean {
    const { challenger, directory } = this.#options;
    const name = userOf(uriOf(request.headers.get("From")));
    return challenger.claimedUsername(request) !== undefined || directory.phones.byUsername(name) !== undefined;
  }

  /** The phone that proved itself; undefined when it has been challenged or refused. */
  #phoneCalling(transaction: InviteServerTransaction): Phone | undefined {
    const { request } = transaction;
    const signedIn = this.#signIn.verify(request);
    if (signedIn.ok) return signedIn.phone;
    const { status, headers } = signedIn.answer;
    transaction.respond(responseTo(request, status, { toTag: this.#options.ids.random(4), headers }));
    return undefined;
  }

  #settle(transaction: InviteServerTransaction, destination: Destination): Admission | undefined {
    const { ids, limits } = this.#options;
    const { trunkId, phoneId, mediaToSource, codecs, ...what } = destination;
    const names = { ...(trunkId !== undefined && { trunkId }), ...(phoneId !== undefined && { phoneId }) };
    const devices = { mediaToSource, ...names, ...(codecs && { codecs }) };
    // Who is dialled may decode what we do not; a flow cannot.
    const leg = this.#legOf(transaction, devices, what.leadsTo.kind === "dial");
    return leg && { callId: ids.next(), limits, ...leg, ...what };
  }

  /** A leg that begins with this INVITE. Undefined when it has been refused: its offer is of no use, or no port is free. */
  #legOf(
    transaction: InviteServerTransaction,
    devices: Pick<LegRoute, "trunkId" | "phoneId" | "mediaToSource" | "codecs">,
    mayRelay: boolean,
  ): Omit<ReplacingLeg, "dialog" | "caller"> | undefined {
    const { ids, ports, sessionFor } = this.#options;
    const { request, source } = transaction;
    const offer = textOf(sessionBodyOf(request));
    const legId = ids.next();
    const localPort = ports.acquire();
    if (localPort === undefined) return refuse(transaction, 503);
    // Without an offer ours goes out in the answer (RFC 3261 §13.3.1.4).
    const leg = { id: legId, localPort, route: devices };
    const answer = offer === "" ? noOffer : answerTo(offer, leg, 1, "sendrecv", source.address, sessionFor(source), mayRelay);
    if (!answer.ok) {
      ports.release(localPort);
      return refuse(transaction, answer.status, answer.headers);
    }
    const { media, relayable } = answer;
    const route: LegRoute = {
      requestUri: request.uri,
      host: source.address,
      port: source.port,
      protocol: source.protocol,
      fromUri: uriOf(request.headers.get("From")),
      toUri: uriOf(request.headers.get("To")),
      maxForwards: hopsOf(request),
      ...devices,
    };
    return { legId, route, localPort, invite: kept(transaction), ...(media && { offer, media }), ...(relayable && { relayable }) };
  }
}

/** RFC 3261 §20.22; a proxy adds 70 where it is missing. */
function hopsOf(request: SipRequest): number {
  const text = request.headers.get("Max-Forwards")?.trim() ?? "";
  return /^\d{1,3}$/.test(text) ? Math.min(255, Number(text)) : 70;
}

/** What a restart needs of the INVITE to answer it. */
function kept({ request, source }: InviteServerTransaction): PeerInvite {
  const headers = [...request.headers].filter(([name]) => headersToRepeat.has(name));
  return { uri: request.uri, headers, source };
}

function refuse(transaction: InviteServerTransaction, status: number, headers: readonly HeaderPair[] = []): undefined {
  transaction.respond(responseTo(transaction.request, status, { toTag: `refused${status}`, headers }));
  return undefined;
}

/** What is agreed on comes with the ACK. */
const noOffer = { ok: true, media: undefined, relayable: undefined } as const;

function addressOf(text: string): Address {
  const number = numberOf(text);
  return isE164(number) ? { kind: "number", number } : { kind: "uri", uri: text };
}

function userOf(uri: string): string {
  const parsed = parseUri(uri);
  return (parsed.ok && "user" in parsed.value ? parsed.value.user : undefined) ?? "";
}

function textOf(body: Body | undefined): string {
  return body === undefined ? "" : Buffer.from(body.content).toString();
}

function uriOf(value: string | undefined): string {
  const parsed = parseNameAddr(value ?? "");
  return parsed.ok ? parsed.value.uri : "";
}
