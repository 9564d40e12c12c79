import { JitterBuffer } from "../../rtp/index.ts";
import { type Codec, decode, frameSamples } from "../codec/codec.ts";

/** What the peer of an endpoint says, put in order for those who listen: a mix or a recording. Exists only while somebody does. */
export class Hearing {
  readonly codec: Codec;
  readonly buffer: JitterBuffer;
  /** The current 20 ms in the peer's codec. */
  readonly frame = new Uint8Array(frameSamples);
  readonly #linear = new Int16Array(frameSamples);
  #isDecoded = false;

  constructor(codec: Codec) {
    this.codec = codec;
    this.buffer = new JitterBuffer(codec.silence);
    this.frame.fill(codec.silence);
  }

  /** Goes on to the next 20 ms. */
  advance(): void {
    this.buffer.read(this.frame);
    this.#isDecoded = false;
  }

  /** The current 20 ms, decoded when the first one asks. */
  get linear(): Int16Array {
    if (!this.#isDecoded) decode(this.codec, this.frame, this.#linear);
    this.#isDecoded = true;
    return this.#linear;
  }
}
