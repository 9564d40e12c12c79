/** Turns text into speech. One folder per provider. */
export type Synthesizer = {
  /** The first is the default. */
  readonly voices: readonly string[];
  /**
   * A WAV file, 16-bit mono at the voice's own rate. The same text and voice give the same bytes. Rejects with
   * SPEECH_TEXT_UNSPEAKABLE, SPEECH_VOICE_UNKNOWN, SPEECH_BUSY or SPEECH_FAILED.
   */
  speak(text: string, voice?: string): Promise<Uint8Array>;
  /** What waits is rejected with SPEECH_FAILED. */
  close(): Promise<void>;
};
