/** What happens to how the parties of a call hear each other and what is played to them, and how their media do. */
import type { PromptItem } from "../media/index.ts";
import type { LegQuality } from "./leg-values.ts";
import type { Levels, SupervisionMode } from "./seat-values.ts";

type OfSeat = { readonly at: number; readonly bridgeId: string; readonly partyId: string };
type OfPrompt = { readonly at: number; readonly partyId: string; readonly promptId: string };
type OfLeg = { readonly at: number; readonly legId: string };

export type TalkEvent =
  | ({ readonly kind: "seat.deafened"; readonly deaf: boolean } & OfSeat)
  /** What is left out stays. */
  | ({ readonly kind: "seat.levels-set" } & OfSeat & Levels)
  /** The party supervises `agentId` like this from now on. */
  | ({ readonly kind: "seat.supervising"; readonly mode: SupervisionMode; readonly agentId: string } & OfSeat)
  /** Here and below, `positionMs` is of the whole prompt with its repeats. It stands still there as far as is known. */
  | ({ readonly kind: "prompt.paused"; readonly positionMs: number } & OfPrompt)
  | ({ readonly kind: "prompt.resumed" } & OfPrompt)
  /** It goes on from there. */
  | ({ readonly kind: "prompt.sought"; readonly positionMs: number } & OfPrompt)
  /** What was heard of it in truth, now that it stands still. */
  | ({ readonly kind: "prompt.positioned"; readonly positionMs: number } & OfPrompt)
  | ({ readonly kind: "prompt.volume-set"; readonly volumeDb: number } & OfPrompt)
  /** Played to these parties over whatever they hear, instead of what was announced before. `by`: user id. */
  | {
      readonly kind: "announcement.begun";
      readonly at: number;
      readonly announcementId: string;
      readonly partyIds: readonly string[];
      readonly items: readonly PromptItem[];
      readonly by: string;
      readonly repeat?: number;
      readonly volumeDb?: number;
    }
  | {
      readonly kind: "announcement.ended";
      readonly at: number;
      readonly partyId: string;
      readonly announcementId: string;
      readonly reason: "finished" | "digit" | "failed" | "stopped";
      readonly playedMs: number;
      readonly error?: string;
    }
  /** Nothing has come from the peer for `silentMs`. The leg ends at `deadlineAt`, unless something does. */
  | ({ readonly kind: "leg.media-lost"; readonly silentMs: number; readonly deadlineAt: number } & OfLeg)
  | ({ readonly kind: "leg.media-resumed" } & OfLeg)
  /** How the media of a leg that has ended did in all. */
  | ({ readonly kind: "leg.measured"; readonly quality: LegQuality } & OfLeg);
