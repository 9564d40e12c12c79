/** The signalling port over a SIP stack: one driver for each leg that is alive or owed something. */
import type { Clock, Logger, Timer } from "../../kernel/index.ts";
import {
  type InviteServerTransaction,
  type Located,
  type Locator,
  parseNameAddr,
  type Replaces,
  type SipAddress,
  type SipStack,
} from "../../sip/index.ts";
import type { InviteInput, LegSignal } from "../decide/inputs.ts";
import { inviteLifeMs } from "../decide/recovery.ts";
import type { Call, Leg } from "../model.ts";
import type { Signaling } from "../ports.ts";
import type { SignalingContext } from "./context.ts";
import type { TrunkCredentials } from "./credentials.ts";
import type { Incoming } from "./incoming.ts";
import { LegDriver } from "./leg-driver.ts";
import { refuseReplacing, replacedLeg } from "./replacing.ts";
import type { SessionsFor } from "./session.ts";

export type SipSignalingOptions = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly stack: SipStack;
  readonly locator: Pick<Locator, "locate">;
  readonly secret: Uint8Array;
  readonly sessionFor: SessionsFor;
  readonly credentials: TrunkCredentials;
  readonly incoming: Incoming;
};

const probeIntervalMs = 20;
/** A peer that hung up meanwhile repeats its BYE for as long (RFC 3261 timer F) and tells us itself. */
const firstProbeMs = 32_000;

export class SipSignaling implements Signaling {
  readonly #options: SipSignalingOptions;
  readonly #drivers = new Map<string, LegDriver>();
  /** Drivers after a restart whose peer is still to be asked whether it is there. */
  readonly #unprobed: LegDriver[] = [];
  #nextProbe: Timer | undefined;
  #handler: ((signal: LegSignal) => Promise<Call | undefined>) | undefined;

  constructor(options: SipSignalingOptions) {
    this.#options = options;
  }

  onSignal(handler: (signal: LegSignal) => Promise<Call | undefined>): void {
    this.#handler = handler;
  }

  /** Sets who makes a call of an INVITE that is let in; it throws when no call can be made. */
  onInvited(handler: (input: InviteInput) => void): void {
    this.#options.stack.onInvite((transaction) => this.#invited(transaction, handler));
  }

  apply(call: Call): void {
    for (const leg of Object.values(call.legs)) {
      const isOver = leg.state === "ended" && leg.owes === null;
      const driver = this.#drivers.get(leg.id) ?? (isOver ? undefined : this.#drive(call, leg));
      driver?.apply(call, leg);
      // Not before its end is durable: until then older states still come.
      if (isOver) this.#drivers.delete(leg.id);
    }
  }

  restore(call: Call, gapMs: number): void {
    for (const leg of Object.values(call.legs)) {
      if (leg.state === "ended" && leg.owes === null) continue;
      const driver = this.#drive(call, leg);
      driver.restore(gapMs > inviteLifeMs);
      this.#unprobed.push(driver);
    }
    this.#probeNext(firstProbeMs);
    // What is still owed is done at once; it waits for no further record.
    if (call.endedAt !== undefined) this.apply(call);
  }

  /** The tag that the far end of a leg of ours gave its dialog while it rings. */
  earlyTagOf(legId: string): string | undefined {
    const to = parseNameAddr(this.#drivers.get(legId)?.rangAs ?? "");
    return to.ok ? to.value.params.get("tag") : undefined;
  }

  /** Ends the probing; dialogs are the stack's. */
  close(): void {
    this.#unprobed.length = 0;
    this.#nextProbe?.cancel();
  }

  /** Peers that hung up while we were away and that gave up telling us are found by asking each, not all at once. */
  #probeNext(delayMs: number): void {
    this.#nextProbe ??= this.#options.clock.after(delayMs, () => {
      this.#nextProbe = undefined;
      this.#unprobed.shift()?.probe();
      if (this.#unprobed.length > 0) this.#probeNext(probeIntervalMs);
    });
  }

  #driverOf({ callId, localTag, remoteTag }: Replaces): LegDriver | undefined {
    const usage = this.#options.stack.usageOf(callId, localTag, remoteTag);
    if (usage !== undefined) for (const driver of this.#drivers.values()) if (driver.usage === usage) return driver;
    return undefined;
  }

  /** An INVITE that takes the place of a leg of ours (RFC 3891). */
  #replacing(transaction: InviteServerTransaction): void {
    const { incoming } = this.#options;
    const admitted = incoming.admitReplacing(transaction);
    if (admitted === undefined) return;
    const { from, by } = admitted;
    const found = replacedLeg(transaction.request, from, by, (dialog) => this.#driverOf(dialog));
    if (!found.ok) {
      incoming.withdraw(by);
      return refuseReplacing(transaction, found.status);
    }
    const { call, leg } = found.view;
    const driver = new LegDriver(this.#contextOf(call.accountId), call, { id: by.legId, state: "inviting" } as Leg);
    const dialog = driver.accept(transaction, by.legId);
    if (dialog === undefined) return;
    this.#drivers.set(by.legId, driver);
    void this.#signal({ kind: "leg-replaced", legId: leg.id, by: { ...by, dialog } }).then((after) => {
      if (after?.legs[by.legId] !== undefined) return;
      this.#drivers.delete(by.legId);
      incoming.withdraw(by);
      driver.refuse(603);
    });
  }

  #invited(transaction: InviteServerTransaction, handler: (input: InviteInput) => void): void {
    if (transaction.request.headers.has("Replaces")) return this.#replacing(transaction);
    const admission = this.#options.incoming.admit(transaction);
    if (admission === undefined) return;
    const { callId, legId } = admission;
    const driver = new LegDriver(this.#contextOf(admission.accountId), { id: callId } as Call, { id: legId, state: "inviting" } as Leg);
    this.#drivers.set(legId, driver);
    const dialog = driver.accept(transaction, legId);
    try {
      if (dialog !== undefined) handler({ kind: "invited", dialog, ...admission });
    } catch (error) {
      this.#options.log.warn({ err: error, callId }, "An incoming call could not be taken");
      this.#drivers.delete(legId);
      this.#options.incoming.withdraw(admission);
      driver.refuse(503);
    }
  }

  #drive(call: Call, leg: Leg): LegDriver {
    const driver = new LegDriver(this.#contextOf(call.accountId), call, leg);
    this.#drivers.set(leg.id, driver);
    return driver;
  }

  #contextOf(accountId: string): SignalingContext {
    const { clock, stack, secret, sessionFor, credentials, locator } = this.#options;
    return {
      clock,
      stack,
      secret,
      sessionFor,
      contactOf: (legId, peer, isSecure) => stack.contactUri(legId, peer, isSecure),
      locate: ({ id, route, reached }, found) =>
        locator.locate(route, (located) => found(startingAt(reached, atListener(route.listener, located))), id),
      hasCredentials: (leg) => credentials.has(accountId, leg),
      authorizationFor: (leg, challenge, request) => credentials.forInvite(accountId, leg, challenge, request),
      authorizeFor: (leg) => credentials.inDialog(accountId, leg),
      legOf: (dialog) => this.#driverOf(dialog)?.leg.id,
      requestsOf: (legId) => this.#drivers.get(legId)?.usage?.requests,
      signal: (signal) => this.#signal(signal),
    };
  }

  async #signal(signal: LegSignal): Promise<Call | undefined> {
    try {
      return await this.#handler?.(signal);
    } catch (error) {
      this.#options.log.error({ err: error, legId: signal.legId, signal: signal.kind }, "A signal of a leg was not taken");
      return undefined;
    }
  }
}

/** A phone is reached through the listener at which it registered. */
function atListener(listener: string | undefined, located: Located): Located {
  if (listener === undefined || !located.ok) return located;
  const [first, ...others] = located.addresses;
  return { ok: true, addresses: [{ ...first, listener }, ...others.map((other) => ({ ...other, listener }))] };
}

/** The server where the leg rang before a restart comes first: there our INVITE is a repeat, and elsewhere it would be a second call. */
function startingAt(reached: SipAddress | undefined, located: Located): Located {
  if (reached === undefined) return located;
  const others = located.ok ? located.addresses.filter((other) => !isSameServer(other, reached)) : [];
  return { ok: true, addresses: [reached, ...others] };
}

function isSameServer(a: SipAddress, b: SipAddress): boolean {
  return a.protocol === b.protocol && a.address === b.address && a.port === b.port;
}
