/** JSON shapes of orders about how the parties of a call hear each other and what is played to them. Levels are decibels. */

/** listen: heard by nobody. coach: heard by the agent alone. barge: as anybody else. */
export type SupervisionWord = "listen" | "coach" | "barge";

export type NewParty = { readonly to: string; readonly callerId?: string; readonly ringMs?: number };

export type PartyChange = {
  readonly muted?: boolean;
  readonly deaf?: boolean;
  readonly volumeDb?: number;
  readonly gainDb?: number;
  readonly supervision?: SupervisionWord;
};

export type NewSupervision = { readonly partyId: string; readonly mode?: SupervisionWord; readonly to?: string };

/** One of `say`, `play`, `pauseMs`, `toneHz`, `networkTone`; `voice` goes with `say`, `durationMs` with both tones, `country` with the last. */
export type PromptPart = {
  readonly say?: string;
  readonly voice?: string;
  readonly play?: string;
  readonly pauseMs?: number;
  readonly toneHz?: number;
  readonly networkTone?: "ringback" | "busy" | "congestion" | "dial" | "call-waiting" | "special-information" | "confirmation";
  readonly country?: string;
  readonly durationMs?: number;
};

export type NewAnnouncement = {
  readonly prompt: readonly PromptPart[];
  readonly partyId?: string;
  readonly repeat?: number;
  readonly volumeDb?: number;
};

export type NewPlayback = {
  readonly prompt: readonly PromptPart[];
  readonly repeat?: number;
  readonly bargeIn?: boolean;
  readonly positionMs?: number;
  readonly volumeDb?: number;
};

export type PlaybackChange = { readonly isPaused?: boolean; readonly positionMs?: number; readonly volumeDb?: number };
