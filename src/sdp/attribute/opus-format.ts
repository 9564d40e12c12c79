/** What the peer's fmtp says of the Opus that it wants (RFC 7587 §6.1, §7). The rest of its parameters say what it sends, which every decoder plays. */
import { fmtpParameters } from "./payload-format.ts";

/** Left out: as RFC 7587 has it when nothing is said. We send one channel in any case, so `stereo` changes nothing. */
export type OpusWishes = {
  /** useinbandfec: it makes use of error correction in the packets. */
  readonly fec?: true;
  /** usedtx: silence need not be sent. */
  readonly dtx?: true;
  readonly cbr?: true;
  /** maxaveragebitrate, bits a second. */
  readonly bitrate?: number;
  /** maxplaybackrate: it plays nothing above. */
  readonly maxSampleRateHz?: number;
};

/** Bits a second and Hz that there are in Opus (RFC 7587 §7.1). */
const bitrates = { least: 6_000, most: 510_000 };
const sampleRatesHz = { least: 8_000, most: 48_000 };

/** Undefined when it wants nothing in particular. */
export function opusWishes(fmtp: string | undefined): OpusWishes | undefined {
  const said = fmtpParameters(fmtp ?? "");
  const bitrate = numberWithin(said.get("maxaveragebitrate"), bitrates);
  const maxSampleRateHz = numberWithin(said.get("maxplaybackrate"), sampleRatesHz);
  const wishes: OpusWishes = {
    ...(said.get("useinbandfec") === "1" && { fec: true }),
    ...(said.get("usedtx") === "1" && { dtx: true }),
    ...(said.get("cbr") === "1" && { cbr: true }),
    ...(bitrate !== undefined && { bitrate }),
    ...(maxSampleRateHz !== undefined && maxSampleRateHz < sampleRatesHz.most && { maxSampleRateHz }),
  };
  return Object.keys(wishes).length === 0 ? undefined : wishes;
}

function numberWithin(text: string | undefined, { least, most }: typeof bitrates): number | undefined {
  const value = /^\d{1,7}$/.test(text ?? "") ? Number(text) : 0;
  return value >= least && value <= most ? value : undefined;
}
