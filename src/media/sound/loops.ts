import type { CallProgressTone } from "../plan.ts";
import { type Cadence, callProgressTone, renderCadence } from "./call-progress.ts";
import { composeHoldMusic } from "./hold-music.ts";

/** Sound that is played over and over. */
export type LoopName = "hold-music" | CallProgressTone;

/** Turns a whole loop into what goes on the line: a codec with the same number of bytes for each ms. */
export type LoopCodec = {
  /** Two of one name give the same bytes. */
  readonly name: string;
  readonly sampleRateHz: number;
  encode(samples: Int16Array): Uint8Array;
};

/**
 * The loops of one thread. Thousands of callers hear the same ones, so each is made once for a rate and encoded once for a codec, when somebody first asks. A
 * tone takes under 2 ms; hold music more (hold-music.ts), so a thread asks for it before it carries calls.
 */
export class Loops {
  readonly #samples = new Map<string, Map<"hold-music" | Cadence, Int16Array>>();
  readonly #bytes = new Map<string, Map<"hold-music" | Cadence, Uint8Array>>();

  /** One round, for `readLoop`; `sampleRateHz` is a multiple of 1,000. `country` is ISO 3166-1 alpha-2. */
  samples(name: LoopName, country: string | undefined, sampleRateHz: number): Int16Array {
    return this.#samplesOf(soundOf(name, country), sampleRateHz);
  }

  /** The same as payload bytes of `codec`. */
  bytes(name: LoopName, country: string | undefined, codec: LoopCodec): Uint8Array {
    const sound = soundOf(name, country);
    return made(this.#bytes, codec.name, sound, () => codec.encode(this.#samplesOf(sound, codec.sampleRateHz)));
  }

  #samplesOf(sound: "hold-music" | Cadence, sampleRateHz: number): Int16Array {
    const compose = () => (sound === "hold-music" ? composeHoldMusic(sampleRateHz) : renderCadence(sound, sampleRateHz));
    return made(this.#samples, `linear/${sampleRateHz}`, sound, compose);
  }
}

/** Fills `into` with what follows `position` in a loop, and returns where to go on. Loops are of any length, and no whole number of frames. */
export function readLoop<Sound extends Uint8Array | Int16Array>(loop: Sound, position: number, into: Sound): number {
  let from = position;
  for (let at = 0; at < into.length; ) {
    const end = at + Math.min(into.length - at, loop.length - from);
    while (at < end) into[at++] = loop[from++] ?? 0;
    if (from === loop.length) from = 0;
  }
  return from;
}

function soundOf(name: LoopName, country: string | undefined): "hold-music" | Cadence {
  return name === "hold-music" ? name : callProgressTone(name, country);
}

function made<Sound>(
  known: Map<string, Map<"hold-music" | Cadence, Sound>>,
  format: string,
  sound: "hold-music" | Cadence,
  make: () => Sound,
): Sound {
  const ofFormat = known.get(format) ?? new Map<"hold-music" | Cadence, Sound>();
  known.set(format, ofFormat);
  const loop = ofFormat.get(sound) ?? make();
  ofFormat.set(sound, loop);
  return loop;
}
