import { type DigitFrame, type RtpSockets, TelephoneEventSender } from "../../rtp/index.ts";
import { type Codec, frameSamples } from "../codec/codec.ts";
import type { Mixer, Talker } from "../mixer.ts";
import type { PlayableItem } from "../orders.ts";
import type { DigitsPlan, EndpointPlan, MediaEvent, PromptPlan, Source } from "../plan.ts";
import { Player } from "../sound/player.ts";
import { keyFrequenciesHz, writeTone } from "../sound/tone.ts";
import type { EndpointContext } from "./context.ts";
import type { RtpStream } from "./stream.ts";

/** What an endpoint says to its peer, frame by frame: its source, and over it the digits that are to be sent. Frames without anything are silence. */
export class Voice {
  readonly #context: Pick<EndpointContext, "prompts" | "loops" | "logger">;
  readonly #emit: (event: MediaEvent) => void;
  #codec: Codec;
  #source: Source = { kind: "silence" };
  #telephoneEvent: number | undefined;
  #payloadType = 0;
  #clockRateHz: number | undefined;
  /** The prompt that the plan names, also when it has ended: so it is not played again. */
  #player: Player | undefined;
  #loopPosition = 0;
  readonly #digits: DigitsPlan[] = [];
  readonly #digitsSeen = new Set<string>();
  /** False when there is nothing in `#digits` or `#keys`. */
  #hasKeys = false;
  #keys: { readonly digitsId: string; readonly sender: TelephoneEventSender } | undefined;
  #toneSamples = 0;

  constructor(codec: Codec, context: Pick<EndpointContext, "prompts" | "loops" | "logger">, emit: (event: MediaEvent) => void) {
    this.#codec = codec;
    this.#context = context;
    this.#emit = emit;
  }

  update(plan: EndpointPlan, codec: Codec): void {
    const isCodecNew = codec !== this.#codec;
    this.#codec = codec;
    this.#payloadType = plan.payloadType;
    this.#telephoneEvent = plan.telephoneEvent;
    this.#clockRateHz = plan.clockRateHz;
    if (plan.source.kind !== this.#source.kind) this.#loopPosition = 0;
    this.#source = plan.source;
    if (plan.source.kind === "prompt") this.#name(plan.source.prompt, isCodecNew);
    else this.#player = undefined;
    for (const digits of plan.digits) {
      if (this.#digitsSeen.has(digits.digitsId)) continue;
      this.#digitsSeen.add(digits.digitsId);
      this.#digits.push(digits);
      this.#hasKeys = true;
    }
  }

  provide(promptId: string, start: number, items: readonly PlayableItem[], error: string | undefined): void {
    const player = this.#player;
    if (player === undefined || player.isEnded || player.plan.promptId !== promptId || player.plan.start !== start) return;
    if (error !== undefined) this.#end(player, "failed", error);
    else void this.#load(player, player.load(items, this.#context.prompts));
  }

  /** A key of the peer went down. */
  bargeIn(): void {
    const isCut = this.#source.kind === "prompt" && this.#source.prompt.bargeIn;
    if (isCut && this.#player !== undefined) this.#end(this.#player, "digit");
  }

  speak(stream: RtpStream, sockets: RtpSockets, mixer: Mixer, self: Talker): void {
    const frame = this.#hasKeys ? this.#keyFrame(stream) : undefined;
    if (this.#telephoneEvent !== undefined && (frame === "begin" || frame === "event")) {
      stream.payload.fill(this.#codec.silence);
      stream.sendEvent(sockets, this.#telephoneEvent, frame === "begin");
      return;
    }
    const player = this.#player;
    const wasPlaying = player?.isPlaying;
    if (frame === undefined) this.#fill(stream.payload, mixer, self);
    else this.#sound(stream.payload);
    stream.sendVoice(sockets, this.#payloadType);
    if (player === undefined || wasPlaying !== true || !player.isEnded) return;
    this.#emit({ kind: "prompt-ended", promptId: player.plan.promptId, reason: "finished", playedMs: player.positionMs });
  }

  /** A frame of the digits that are being sent, where no sound can be made: without telephone-event they are nothing. False when none are. */
  speakKeys(stream: RtpStream, sockets: RtpSockets): boolean {
    const frame = this.#hasKeys ? this.#keyFrame(stream) : undefined;
    if (frame === undefined) return false;
    const isEvent = frame === "begin" || frame === "event";
    if (isEvent && this.#telephoneEvent !== undefined) stream.sendEvent(sockets, this.#telephoneEvent, frame === "begin");
    else stream.pause(this.#codec.silence);
    return true;
  }

  #fill(into: Uint8Array, mixer: Mixer, self: Talker): void {
    switch (this.#source.kind) {
      case "silence":
        into.fill(this.#codec.silence);
        return;
      case "prompt":
        if (this.#player?.isPlaying === true) this.#player.read(into);
        else into.fill(this.#codec.silence);
        return;
      case "hold-music":
      case "ringback": {
        const loop = this.#context.loops[this.#source.kind][this.#codec.name];
        into.set(loop.subarray(this.#loopPosition, this.#loopPosition + frameSamples));
        this.#loopPosition = (this.#loopPosition + frameSamples) % loop.length;
        return;
      }
      case "relay":
        // Not by frames.
        into.fill(this.#codec.silence);
        return;
      case "mix":
        mixer.mix(self, this.#codec, into);
    }
  }

  /** The frame of the digits that are being sent; undefined when none are, and the voice has the line. */
  #keyFrame(stream: RtpStream): DigitFrame | undefined {
    if (this.#keys === undefined) {
      const next = this.#digits.shift();
      if (next === undefined) {
        this.#hasKeys = false;
        return undefined;
      }
      this.#keys = { digitsId: next.digitsId, sender: new TelephoneEventSender(next.digits, next.toneMs, next.gapMs, this.#clockRateHz) };
    }
    const frame = this.#keys.sender.next(stream.event);
    if (frame !== "done") return frame;
    this.#emit({ kind: "digits-sent", digitsId: this.#keys.digitsId });
    this.#keys = undefined;
    return undefined;
  }

  /** A frame of a digit as sound, for a peer without telephone-event; the pauses between digits are silence for all. */
  #sound(into: Uint8Array): void {
    const digit = this.#telephoneEvent === undefined ? this.#keys?.sender.toneDigit : undefined;
    if (digit === undefined) {
      this.#toneSamples = 0;
      into.fill(this.#codec.silence);
      return;
    }
    writeTone(this.#codec, keyFrequenciesHz(digit), this.#toneSamples, into, 0, frameSamples);
    this.#toneSamples += frameSamples;
  }

  #name(prompt: PromptPlan, isCodecNew: boolean): void {
    if (this.#player?.isSame(prompt) !== true) this.#player = new Player(prompt, this.#codec);
    else if (isCodecNew && !this.#player.isEnded)
      void this.#load(this.#player, this.#player.changeCodec(this.#codec, this.#context.prompts));
  }

  async #load(player: Player, loading: Promise<void>): Promise<void> {
    try {
      await loading;
    } catch (cause) {
      this.#context.logger.warn({ promptId: player.plan.promptId, cause }, "The sound of a prompt could not be read.");
      if (player === this.#player) this.#end(player, "failed", "PROMPT_UNREADABLE");
    }
  }

  #end(player: Player, reason: "digit" | "failed", error?: string): void {
    if (player.isEnded) return;
    player.end();
    this.#emit({
      kind: "prompt-ended",
      promptId: player.plan.promptId,
      reason,
      playedMs: player.positionMs,
      ...(error !== undefined && { error }),
    });
  }
}
