export const fliteVoices = ["slt", "kal"] as const;
export type FliteVoice = (typeof fliteVoices)[number];

export type SpeechOrder = { readonly text: string; readonly voice: FliteVoice };

/** One for each order, in their order. */
export type SpeechResult = { readonly wav: Uint8Array<ArrayBuffer> } | { readonly failure: string };

export type WorkerSettings = {
  /** Where the voice writes its files; the worker alone uses it. */
  readonly folder: string;
};
