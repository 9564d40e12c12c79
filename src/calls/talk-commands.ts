/** What clients may command of how the parties of a call hear each other, and of what is played to them. `by` is a user id. */
import type { PromptItem } from "../media/index.ts";
import type { Levels, SupervisionMode } from "./seat-values.ts";

export type PlayedItem = PromptItem;

/** `repeat`: how often again, -1 for ever. */
type Played = { readonly items: readonly PlayedItem[]; readonly repeat?: number; readonly volumeDb?: number };

export type TalkCommand =
  /** Somebody else is rung, and is in the talk when they answer; it goes on when they do not. `to`: E.164, an extension, or the name of a phone. */
  | { readonly kind: "add-party"; readonly by: string; readonly to: string; readonly callerId?: string; readonly ringMs?: number }
  /** Rings `to`, or the user's own phones, which are asked to answer by themselves: whoever answers supervises the party `partyId`. */
  | { readonly kind: "supervise"; readonly by: string; readonly partyId: string; readonly mode: SupervisionMode; readonly to?: string }
  /** All that is named changes at once. `mode` is for a party that supervises. */
  | ({
      readonly kind: "set-party";
      readonly by: string;
      readonly partyId: string;
      readonly muted?: boolean;
      readonly deaf?: boolean;
      readonly mode?: SupervisionMode;
    } & Levels)
  /** Played over the talk, to one party or to everybody connected. What was announced to them before ends. */
  | ({ readonly kind: "announce"; readonly by: string; readonly partyId?: string } & Played)
  | { readonly kind: "end-announcement"; readonly by: string; readonly announcementId: string }
  /** Played instead of the talk, to a party on which no flow runs. What was played before ends. */
  | ({
      readonly kind: "play";
      readonly by: string;
      readonly partyId: string;
      readonly bargeIn?: boolean;
      readonly offsetMs?: number;
    } & Played)
  /** Of what is played to the party, by its flow or by a user. */
  | {
      readonly kind: "change-playback";
      readonly by: string;
      readonly partyId: string;
      readonly isPaused?: boolean;
      /** In the whole, with its repeats. */
      readonly positionMs?: number;
      readonly volumeDb?: number;
    }
  /** A flow goes on as if it had been heard to its end. */
  | { readonly kind: "end-playback"; readonly by: string; readonly partyId: string };
