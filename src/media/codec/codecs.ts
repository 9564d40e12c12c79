import type { CodecName } from "../../kernel/index.ts";
import type { AudioCodec } from "./audio-codec.ts";
import { pcma, pcmu } from "./g711-codec.ts";
import { g722 } from "./g722/g722.ts";
import { l16 } from "./l16.ts";
import { loadOpus, opus } from "./opus.ts";

/** All that are decoded and encoded here. */
export const audioCodecs: Readonly<Record<CodecName, AudioCodec>> = {
  PCMU: pcmu,
  PCMA: pcma,
  G722: g722,
  opus,
  "L16/8000": l16("L16/8000", 8000),
  "L16/16000": l16("L16/16000", 16_000),
  "L16/48000": l16("L16/48000", 48_000),
};

/** To be awaited once per thread before an Opus encoder or decoder is made. The second time costs nothing. */
export async function loadCodecs(): Promise<void> {
  await loadOpus();
}
