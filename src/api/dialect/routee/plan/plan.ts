/** A dial plan as it is echoed: defaults filled in, unknown members gone. */

export const languages = [
  "en-US",
  "de-DE",
  "fr-FR",
  "it-IT",
  "pt-BR",
  "es-ES",
  "es-LA",
  "en-GB",
  "el-GR",
  "bg-BG",
  "pl-PL",
  "hu-HU",
  "sv-SE",
  "ru-RU",
] as const;

export const genders = ["male", "female"] as const;
export const strategies = ["OnChange", "OnCompletion"] as const;

/** Exactly one member. `phone` and `viber` are E.164, the former with the plus sign. */
export type Destination = { readonly phone: string } | { readonly sip: string } | { readonly viber: string };

export type Callback = { readonly url: string; readonly strategy: (typeof strategies)[number] };

export type SayVerb = {
  readonly type: "SAY";
  readonly message: { readonly text: string; readonly gender: (typeof genders)[number]; readonly language: (typeof languages)[number] };
  /** Extra rounds; -1 for ever. */
  readonly repeat: number;
  readonly bargeIn: boolean;
};

export type PlayVerb = { readonly type: "PLAY"; readonly fileURL: string; readonly repeat: number; readonly bargeIn: boolean };

/** `duration` in seconds. */
export type PauseVerb = { readonly type: "PAUSE"; readonly duration: number };

/** `hangupDelay` and `maxDuration` in seconds, the latter from the answer. */
export type DialVerb = {
  readonly type: "DIAL";
  readonly from: string;
  readonly to: Destination;
  readonly hangupDelay?: number;
  readonly maxDuration?: number;
  readonly callback?: Callback;
  readonly record: boolean;
};

export type CollectVerb = {
  readonly type: "COLLECT";
  readonly eventUrl?: string;
  readonly maxDigits: number;
  readonly submitOnHash: boolean;
};

export type Verb = SayVerb | PlayVerb | PauseVerb | DialVerb | CollectVerb;

export type DialPlan = { readonly verbs: readonly Verb[] };
