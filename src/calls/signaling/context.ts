import type { Clock } from "../../kernel/index.ts";
import type { Authorize, HeaderPair, SipAddress, SipStack } from "../../sip/index.ts";
import type { LegSignal } from "../decide/inputs.ts";
import type { Call, Leg, LegRoute } from "../model.ts";
import type { SessionSettings } from "./session.ts";

/** What all leg drivers share. */
export type SignalingContext = {
  readonly clock: Clock;
  readonly stack: SipStack;
  readonly secret: Uint8Array;
  readonly session: SessionSettings;
  /** Names the leg, so that whoever gets a request for it can hand it to its owner. */
  contactOf(legId: string, peer: SipAddress): string;
  resolve(route: LegRoute): Promise<SipAddress | undefined>;
  hasCredentials(leg: Leg): boolean;
  /** The header that answers a journaled challenge; the same bytes each time. */
  authorizationFor(
    leg: Leg,
    challenge: NonNullable<Leg["challenge"]>,
    request: { readonly method: string; readonly uri: string },
  ): HeaderPair | undefined;
  /** Answers challenges to requests inside the leg's dialog. */
  authorizeFor(leg: Leg): Authorize | undefined;
  signal(signal: LegSignal): Promise<Call | undefined>;
};
