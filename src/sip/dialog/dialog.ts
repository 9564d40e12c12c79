/**
 * A dialog, RFC 3261 §12: which tags, CSeqs, route and target the requests inside it have. It sends nothing. Local and remote are
 * ours and the peer's whoever sent INVITE, so nothing is swapped when a dialog is restored.
 */
import { createHash } from "node:crypto";
import { type Body, requestOf } from "../message/builder.ts";
import type { HeaderPair } from "../message/header-list.ts";
import type { SipMessage, SipRequest, SipResponse } from "../message/message.ts";
import { formatNameAddr, nameAddr, parseNameAddr, tagOf } from "../message/name-addr.ts";
import { parseUri } from "../message/uri.ts";
import { formatVia, magicCookie } from "../message/via.ts";
import { noParams } from "../message/params.ts";
import { numericAddress, type Target, targetOf } from "../location/target.ts";
import { sequenceOf } from "../transaction/matching.ts";
import type { SipAddress, SipProtocol } from "../transport/transport.ts";
import { isHidden } from "./hidden.ts";
import type { SessionTerms } from "./session/session-interval.ts";

/** Everything that must survive a crash, as plain JSON. */
export type DialogValues = {
  /** Who sent INVITE: uac is us. */
  readonly role: "uac" | "uas";
  readonly state: "early" | "confirmed";
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** From and To values without their tags. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  /** URIs. */
  readonly localContact: string;
  readonly remoteTarget: string;
  /** Route values in the order in which they are sent. */
  readonly routeSet: readonly string[];
  /** The last one used by us. Add 1,000 when restoring after a crash: gaps are legal (§12.2.1.1). */
  readonly localCseq: number;
  /** The last one used by the peer; undefined until it sends a request. */
  readonly remoteCseq: number | undefined;
  readonly protocol: SipProtocol;
  /** Where the peer's last message came from. */
  readonly peer: SipAddress;
  /** Requests go to `peer` whatever the URIs say: the peer is behind NAT, or on a connection it opened. */
  readonly reachedAtPeer: boolean;
  /** The peer's latest Allow lists UPDATE (RFC 3311 §4). */
  readonly allowsUpdate?: boolean;
  /** The session timer that was agreed on; left out when there is none (RFC 4028). */
  readonly timer?: SessionTerms;
};

export type NextHop = { readonly kind: "address"; readonly address: SipAddress } | { readonly kind: "name"; readonly target: Target };

export type DialogRequestParts = {
  /** By which it is sent; with `sentBy` for Via. */
  readonly protocol: SipProtocol;
  readonly sentBy: { readonly host: string; readonly port: number };
  readonly headers?: Iterable<HeaderPair> | undefined;
  readonly body?: Body | undefined;
};

/** Our side of an INVITE of ours. */
export type LocalSide = {
  readonly contact: string;
  readonly requestUri: string;
  readonly reachedAtPeer: boolean;
  /** How far the CSeq of the requests that follow lies above that of INVITE, when an earlier process may have used some. */
  readonly cseqMargin?: number;
};

/** Requests that must say where we are: RFC 3261 §12.2, RFC 3311 §5.1, RFC 3515 §2.2, RFC 6665 §8.3. */
const targetMethods: ReadonlySet<string> = new Set(["INVITE", "UPDATE", "REFER", "SUBSCRIBE", "NOTIFY"]);

export class Dialog {
  #values: DialogValues;
  #refusesUpdate = false;

  private constructor(values: DialogValues) {
    this.#values = values;
  }

  /** From an answer to our INVITE (§12.1.2). An answer without Contact, which a 2xx must have, is taken to come from `requestUri`. */
  static ofResponse(response: SipResponse, source: SipAddress, local: LocalSide): Dialog {
    const target = contactOf(response) ?? local.requestUri;
    const routeSet = response.headers.all("Record-Route").toReversed();
    return new Dialog({
      role: "uac",
      state: response.status < 200 ? "early" : "confirmed",
      callId: response.headers.get("Call-ID") ?? "",
      localTag: tagOf(response.headers.get("From") ?? "") ?? "",
      remoteTag: tagOf(response.headers.get("To") ?? "") ?? "",
      localAddress: withoutTag(response.headers.get("From")),
      remoteAddress: withoutTag(response.headers.get("To")),
      localContact: local.contact,
      remoteTarget: target,
      routeSet,
      localCseq: sequenceOf(response) + (local.cseqMargin ?? 0),
      remoteCseq: undefined,
      protocol: source.protocol,
      peer: source,
      reachedAtPeer: local.reachedAtPeer || isHidden(routeSet[0] ?? target, source),
      ...allowed(response),
    });
  }

  /** From an INVITE we are about to answer (§12.1.1). One without Contact is taken to come from its From. */
  static ofInvite(invite: SipRequest, source: SipAddress, local: { tag: string; contact: string }): Dialog {
    const target = contactOf(invite) ?? uriOf(invite.headers.get("From"));
    const routeSet = invite.headers.all("Record-Route");
    return new Dialog({
      role: "uas",
      state: "early",
      callId: invite.headers.get("Call-ID") ?? "",
      localTag: local.tag,
      remoteTag: tagOf(invite.headers.get("From") ?? "") ?? "",
      localAddress: withoutTag(invite.headers.get("To")),
      remoteAddress: withoutTag(invite.headers.get("From")),
      localContact: local.contact,
      remoteTarget: target,
      routeSet,
      localCseq: 0,
      remoteCseq: sequenceOf(invite),
      protocol: source.protocol,
      peer: source,
      reachedAtPeer: (routeSet.length === 0 && source.protocol !== "udp") || isHidden(routeSet[0] ?? target, source),
      ...allowed(invite),
    });
  }

  static restore(values: DialogValues): Dialog {
    return new Dialog(values);
  }

  get values(): DialogValues {
    return this.#values;
  }

  confirm(): void {
    this.#values = { ...this.#values, state: "confirmed" };
  }

  /** The 2xx of an early dialog: route and target are its own, the CSeqs go on (§13.2.2.4). */
  confirmBy(response: SipResponse, source: SipAddress, local: LocalSide): void {
    const { localCseq, remoteCseq } = this.#values;
    this.#values = {
      ...this.#values,
      ...Dialog.ofResponse(response, source, local).values,
      localCseq,
      remoteCseq,
      ...this.#allowed(response),
    };
  }

  setTimer(terms: SessionTerms | undefined): void {
    const { timer: _before, ...values } = this.#values;
    this.#values = terms === undefined ? values : { ...values, timer: terms };
  }

  /** The peer refuses what its Allow lists. */
  forgetUpdate(): void {
    this.#refusesUpdate = true;
    this.#values = { ...this.#values, allowsUpdate: false };
  }

  /** §12.2.2: false when the CSeq is not above the last one, which is answered 500. Otherwise it is remembered, and where the peer is now. */
  take(request: SipRequest, source: SipAddress): boolean {
    const sequence = sequenceOf(request);
    if (sequence <= (this.#values.remoteCseq ?? -1)) return false;
    this.#values = { ...this.#values, remoteCseq: sequence, peer: source };
    return true;
  }

  /** Target refresh (§12.2): of an accepted re-INVITE or UPDATE, or of its 2xx. The peer's source moves with it */
  refreshTarget(message: SipMessage, source: SipAddress): void {
    const before = this.#values;
    const target = contactOf(message) ?? before.remoteTarget;
    const isHiddenNow = before.reachedAtPeer || isHidden(before.routeSet[0] ?? target, source);
    this.#values = { ...before, remoteTarget: target, peer: source, reachedAtPeer: isHiddenNow, ...this.#allowed(message) };
  }

  /** Gives up reaching the peer where its messages came from, when its target may do: a connection that is gone. False when there is nothing else. */
  leavePeer(): boolean {
    const couldLeave = this.#values.reachedAtPeer && this.#values.protocol !== "udp";
    if (couldLeave) this.#values = { ...this.#values, reachedAtPeer: false };
    return couldLeave;
  }

  /** A new request with the next CSeq (§12.2.1.1). */
  request(method: string, parts: DialogRequestParts): SipRequest {
    this.#values = { ...this.#values, localCseq: this.#values.localCseq + 1 };
    return this.#build(method, this.#values.localCseq, parts);
  }

  /** ACK for the 2xx of our INVITE or re-INVITE with that CSeq (§13.2.2.4). The same each time, so it can be repeated. */
  ack(sequence: number, parts: DialogRequestParts): SipRequest {
    return this.#build("ACK", sequence, parts);
  }

  /** Where requests go: first route or remote target (§8.1.2), unless the peer can only be reached where it came from. */
  nextHop(): NextHop {
    const { routeSet, remoteTarget, peer, reachedAtPeer, protocol } = this.#values;
    const route = routeSet[0] === undefined ? undefined : parseNameAddr(routeSet[0]);
    const uri = parseUri(route?.ok === true ? route.value.uri : remoteTarget);
    if (reachedAtPeer || !uri.ok || uri.value.host === "") return { kind: "address", address: peer };
    // What the URI leaves open stays as the dialog has it, so that a connection is kept.
    const target = targetOf(uri.value, protocol);
    const address = numericAddress(target);
    if (address === undefined) return { kind: "name", target };
    if (address.protocol !== peer.protocol) return { kind: "address", address };
    // Which of our listeners the peer is at stays; and at the same address what its certificate is checked for.
    const { name, listener } = peer;
    const isNamed = name !== undefined && address.address === peer.address;
    return { kind: "address", address: { ...address, ...(isNamed && { name }), ...(listener !== undefined && { listener }) } };
  }

  #allowed(message: SipMessage): { readonly allowsUpdate?: boolean } {
    return this.#refusesUpdate ? { allowsUpdate: false } : allowed(message);
  }

  #build(method: string, sequence: number, parts: DialogRequestParts): SipRequest {
    const values = this.#values;
    const { uri, routes } = routed(values);
    // The branch follows from what the request is, so a repeat after a restart is a repeat to the peer too.
    const branch = `${magicCookie}${createHash("sha256").update([values.callId, values.localTag, values.remoteTag, sequence, method].join("\0")).digest("hex").slice(0, 24)}`;
    return requestOf({
      method,
      uri,
      via: formatVia({ protocol: parts.protocol.toUpperCase(), ...parts.sentBy, branch, rport: "asked", params: noParams }),
      from: tagged(values.localAddress, values.localTag),
      to: tagged(values.remoteAddress, values.remoteTag),
      callId: values.callId,
      sequence,
      contact: targetMethods.has(method) ? formatNameAddr(nameAddr(values.localContact)) : undefined,
      headers: [...routes.map((route): HeaderPair => ["Route", route]), ...(parts.headers ?? [])],
      body: parts.body,
    });
  }
}

/** §12.2.1.1: with a strict router first, it becomes the Request-URI and the target goes to the end. */
function routed({ routeSet, remoteTarget }: DialogValues): { uri: string; routes: readonly string[] } {
  const first = routeSet[0] === undefined ? undefined : parseNameAddr(routeSet[0]);
  if (first?.ok !== true) return { uri: remoteTarget, routes: [] };
  const uri = parseUri(first.value.uri);
  if (!uri.ok || uri.value.params.has("lr")) return { uri: remoteTarget, routes: routeSet };
  return { uri: first.value.uri, routes: [...routeSet.slice(1), `<${remoteTarget}>`] };
}

/** RFC 3261 §20.5: without Allow nothing is known, and what was known stays. */
function allowed(message: SipMessage): { readonly allowsUpdate?: boolean } {
  return message.headers.has("Allow") ? { allowsUpdate: message.headers.lists("Allow", "UPDATE") } : {};
}

function uriOf(value = ""): string {
  const address = parseNameAddr(value);
  return address.ok ? address.value.uri : "";
}

function contactOf(message: SipMessage): string | undefined {
  const contact = parseNameAddr(message.headers.get("Contact") ?? "");
  return contact.ok && parseUri(contact.value.uri).ok ? contact.value.uri : undefined;
}

function tagged(address: string, tag: string): string {
  return tag === "" ? address : `${address};tag=${tag}`;
}

function withoutTag(value = ""): string {
  const parsed = parseNameAddr(value);
  if (!parsed.ok) return value;
  const params = new Map(parsed.value.params);
  params.delete("tag");
  return formatNameAddr({ ...parsed.value, params });
}
