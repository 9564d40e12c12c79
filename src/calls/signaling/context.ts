import type { Clock } from "../../kernel/index.ts";
import type { Authorize, HeaderPair, InviteUsage, Located, Replaces, SipAddress, SipStack } from "../../sip/index.ts";
import type { LegSignal } from "../decide/inputs.ts";
import type { Call, Leg } from "../model.ts";
import type { SessionsFor } from "./session.ts";

/** What all leg drivers share. */
export type SignalingContext = {
  readonly clock: Clock;
  readonly stack: SipStack;
  readonly secret: Uint8Array;
  readonly sessionFor: SessionsFor;
  /** Names the leg, so that whoever gets a request for it can hand it to its owner. */
  contactOf(legId: string, peer: SipAddress, isSecure: boolean): string;
  /** Finds the servers that the leg's INVITE can go to, best first and in the same order after a restart; at once when they are numeric. */
  locate(leg: Leg, found: (located: Located) => void): void;
  hasCredentials(leg: Leg): boolean;
  /** The header that answers a journaled challenge; the same bytes each time. */
  authorizationFor(
    leg: Leg,
    challenge: NonNullable<Leg["challenge"]>,
    request: { readonly method: string; readonly uri: string },
  ): HeaderPair | undefined;
  /** Answers challenges to requests inside the leg's dialog. */
  authorizeFor(leg: Leg): Authorize | undefined;
  /** The leg of ours that has this dialog. */
  legOf(dialog: Replaces): string | undefined;
  /** For requests in the dialog of another leg. */
  requestsOf(legId: string): InviteUsage["requests"];
  signal(signal: LegSignal): Promise<Call | undefined>;
};
