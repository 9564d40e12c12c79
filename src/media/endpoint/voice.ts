import { isDeepStrictEqual } from "node:util";
import type { RtpSockets } from "../../rtp/index.ts";
import type { AudioCodec } from "../codec/audio-codec.ts";
import { silentPayload } from "../codec/silence.ts";
import { encoderRateHz, loopCodec } from "../codec/voice-encoder.ts";
import { gainOf, type Mixer } from "../mixer.ts";
import type { MediaOrder } from "../orders.ts";
import type { EndpointPlan, MediaEvent, SoundFormat, Source } from "../plan.ts";
import { type LoopName, readLoop } from "../sound/loops.ts";
import type { Player } from "../sound/player.ts";
import type { Recorder } from "../sound/recorder.ts";
import { isLinear, linearFormatOf, promptOf, soundFormatOf } from "../sound/sound-format.ts";
import type { Talker } from "../talker.ts";
import type { EndpointContext } from "./context.ts";
import { HeardFrame } from "./heard-frame.ts";
import { Keys } from "./keys.ts";
import { LinearVoice } from "./linear-voice.ts";
import type { OpusPacketiser } from "./opus-packetiser.ts";
import { packetiserFor } from "./packet-time.ts";
import type { Packetiser } from "./packetiser.ts";
import { PromptSlot } from "./prompt-slot.ts";
import type { RtpStream } from "./stream.ts";

type Loop = Extract<Source, { kind: "hold-music" | "ringback" | "tone" }>;

/** Comfort noise is told again after so many frames of silence: it may have been lost. */
const noiseFrames = 50;
/** −dBov of the noise under our silence (RFC 3389 §3): that of a quiet line. */
const noiseLevel = 70;
/** 20 ms of G.711 on their way to be samples. */
const companded = new Uint8Array(160);
/** The rate of prompts' files, of loops, and of announcements. */
const ownRateHz = ({ sampleRatesHz }: AudioCodec) => sampleRatesHz[0] ?? 8000;

/**
 * What an endpoint says to its peer, frame by frame: its source with an announcement over it, and instead of both the digits that are to be sent.
 *   as payloads   what lies in memory in the peer's codec is copied: prompts, loops, silence
 *   linear        what has to be made: mixes, announcements, other volumes, tones; mixed, then encoded
 */
export class Voice {
  readonly #context: Pick<EndpointContext, "prompts" | "loops" | "logger">;
  readonly #keys: Keys;
  readonly #prompt: PromptSlot;
  #announcement: PromptSlot | undefined;
  readonly #emit: (event: MediaEvent) => void;
  #plan: EndpointPlan;
  #codec: AudioCodec;
  /** What makes its payloads the same as another's. */
  #encoding = "";
  /** Of what is played when it cannot be copied. */
  #linearFormat: SoundFormat = "linear/8000";
  /** The plan alone asks for linear sound. */
  #isMade = false;
  #gain = 1;
  #loopPosition = 0;
  #silentFrames = 0;
  #packetiser: Packetiser | OpusPacketiser | undefined;
  #linear: LinearVoice | undefined;
  /** By the rate at which somebody records it. */
  #heard: Map<number, HeardFrame> | undefined;
  /** Who made the frame, when it was not copied. */
  #maker: LinearVoice | undefined;

  constructor(
    plan: EndpointPlan,
    codec: AudioCodec,
    context: Pick<EndpointContext, "prompts" | "loops" | "logger">,
    emit: (event: MediaEvent) => void,
  ) {
    this.#plan = plan;
    this.#codec = codec;
    this.#context = context;
    this.#emit = emit;
    this.#keys = new Keys(emit);
    this.#prompt = new PromptSlot(context, emit);
  }

  update(plan: EndpointPlan, codec: AudioCodec): void {
    if (!isSameLoop(plan.source, this.#plan.source)) this.#loopPosition = 0;
    if (codec !== this.#codec || !isDeepStrictEqual(plan.opus, this.#plan.opus)) this.#dropLinear();
    this.#plan = plan;
    this.#codec = codec;
    this.#linearFormat = linearFormatOf(codec.name);
    this.#encoding = plan.opus === undefined ? codec.name : `${codec.name} ${JSON.stringify(plan.opus)}`;
    this.#gain = gainOf(plan.volumeDb);
    const { source, announcement } = plan;
    const isHeard = plan.recordings.some(({ hears }) => hears === "both");
    this.#isMade =
      source.kind === "mix" ||
      announcement !== undefined ||
      this.#gain !== 1 ||
      (codec.tables === undefined && isHeard && source.kind !== "relay");
    this.#prompt.update(promptOf(source), soundFormatOf(plan));
    if (announcement !== undefined) this.#announcement ??= new PromptSlot(this.#context, this.#emit);
    this.#announcement?.update(announcement, this.#linearFormat);
    this.#keys.update(plan.digits);
    this.#packetiser = packetiserFor(codec, plan.ptimeMs, this.#packetiser);
  }

  provide(order: Extract<MediaOrder, { kind: "prompt" }>): void {
    this.#prompt.provide(order);
    this.#announcement?.provide(order);
  }

  /** A key of the peer went down. */
  bargeIn(): void {
    this.#prompt.bargeIn();
    this.#announcement?.bargeIn();
  }

  /** Sends the next 20 ms. `beep` is heard instead of everything else. True when they are of a digit. */
  speak(stream: RtpStream, sockets: RtpSockets, mixer: Mixer, self: Talker, beep: Recorder | undefined): boolean {
    this.#forgetHeard();
    this.#maker = undefined;
    if (this.press(stream, sockets)) return true;
    const playing = this.#playing;
    const isMade = this.#isMade || beep !== undefined || (playing !== undefined && isLinear(playing.format));
    if (isMade) this.#send(stream, sockets, this.#make(stream.payload, mixer, self, beep));
    else if (playing !== undefined) {
      this.#send(stream, sockets, playing.read(stream.payload));
      this.#prompt.readOne(playing);
    } else if (isLoop(this.#plan.source)) this.#loop(this.#plan.source, stream, sockets);
    else this.rest(stream, sockets);
    return false;
  }

  /**
   * A frame of the digits that are being sent: as events or, for a peer without them, as tones; where no sound can be made either, they are nothing. False when
   * none are.
   */
  press(stream: RtpStream, sockets: RtpSockets): boolean {
    const frame = this.#keys.arePressed
      ? this.#keys.next(stream.event, this.#plan.telephoneEventClockRateHz ?? this.#plan.clockRateHz ?? this.#codec.clockRateHz)
      : undefined;
    if (frame === undefined) return false;
    const { telephoneEvent, codec } = this.#plan;
    if (telephoneEvent !== undefined && frame !== "pause") {
      this.#packetiser?.reset();
      stream.takeOver();
      stream.sendEvent(sockets, telephoneEvent, frame === "begin");
    } else if (codec === undefined) stream.pause();
    else {
      const voice = this.#voiceAt(ownRateHz(this.#codec));
      if (telephoneEvent === undefined) this.#keys.readTone(voice.frame, voice.rateHz);
      else voice.frame.fill(0);
      this.#send(stream, sockets, voice.encode(stream.payload));
    }
    return true;
  }

  get isBetweenWanted(): boolean {
    return this.#packetiser?.isBetweenWanted === true;
  }

  speakBetween(stream: RtpStream, sockets: RtpSockets): void {
    this.#packetiser?.sendHeld(stream, sockets, this.#plan.payloadType);
  }

  /** Nothing can be sent now. */
  pause(stream: RtpStream): void {
    this.#forgetHeard();
    this.#packetiser?.reset();
    stream.pause();
  }

  /** Somebody else sends in our stream now: what waits to be sent would be out of order. */
  giveWay(): void {
    this.#packetiser?.reset();
  }

  /** What the peer heard in the last frame, at this rate. */
  heard(stream: RtpStream, rateHz: number): Int16Array {
    this.#heard ??= new Map();
    let heard = this.#heard.get(rateHz);
    if (heard === undefined) {
      heard = new HeardFrame(rateHz);
      this.#heard.set(rateHz, heard);
    }
    return heard.at(this.#codec, stream.payload);
  }

  close(): void {
    this.#prompt.update(undefined, "PCMU");
    this.#announcement?.update(undefined, "PCMU");
    this.#dropLinear();
    for (const heard of this.#heard?.values() ?? []) heard.close();
  }

  #forgetHeard(): void {
    if (this.#heard !== undefined) for (const heard of this.#heard.values()) heard.forget();
  }

  /** The prompt while its sound is there as this codec needs it: after a change of codec it may still be made. */
  get #playing(): Player | undefined {
    const { playing } = this.#prompt;
    return playing !== undefined && (playing.format === this.#linearFormat || playing.format === this.#codec.name) ? playing : undefined;
  }

  #send(stream: RtpStream, sockets: RtpSockets, bytes: number): void {
    this.#silentFrames = 0;
    if (this.#heard !== undefined) for (const heard of this.#heard.values()) heard.took(this.#maker, bytes);
    stream.takeOver();
    const { payloadType } = this.#plan;
    if (bytes === 0) {
      this.#packetiser?.flush(stream, sockets, payloadType);
      stream.rest();
    } else if (this.#packetiser === undefined) stream.sendVoice(sockets, payloadType, bytes);
    else this.#packetiser.send(stream, sockets, payloadType, bytes);
  }

  /** Silence: sent, as many far ends want packets; as comfort noise to those who know it. */
  rest(stream: RtpStream, sockets: RtpSockets): void {
    const { comfortNoise } = this.#plan;
    const silence = silentPayload(this.#codec);
    this.#maker = undefined;
    copy(silence, stream.payload);
    if (comfortNoise === undefined) {
      this.#send(stream, sockets, silence.length);
      return;
    }
    this.#packetiser?.reset();
    if (this.#silentFrames % noiseFrames === 0) {
      stream.payload[0] = noiseLevel;
      stream.takeOver();
      stream.sendVoice(sockets, comfortNoise, 1);
    } else stream.rest();
    this.#silentFrames += 1;
  }

  #loop(source: Loop, stream: RtpStream, sockets: RtpSockets): void {
    if (this.#codec.bytesPerMs === undefined) {
      this.#send(stream, sockets, this.#make(stream.payload, undefined, undefined, undefined));
      return;
    }
    const { payload } = stream;
    const loop = this.#context.loops.bytes(nameOf(source), countryOf(source), loopCodec(this.#codec));
    this.#loopPosition = readLoop(loop, this.#loopPosition % loop.length, payload);
    this.#send(stream, sockets, payload.length);
  }

  /** Makes a frame of linear sound and encodes it. Returns its bytes. */
  #make(payload: Uint8Array, mixer: Mixer | undefined, self: Talker | undefined, beep: Recorder | undefined): number {
    const { source, announcement } = this.#plan;
    const isPlain = source.kind === "mix" && announcement === undefined && this.#gain === 1 && beep === undefined;
    if (isPlain && mixer !== undefined && self !== undefined && this.#heard === undefined && mixer.isShared(self)) {
      return mixer.shared.encode(mixer, self, this.#codec, this.#encoding, payload);
    }
    const isMix = source.kind === "mix" && announcement === undefined && mixer !== undefined;
    const voice = this.#voiceAt(isMix ? encoderRateHz(this.#codec, mixer.rateHz) : ownRateHz(this.#codec));
    this.#fill(voice, source, mixer, self);
    const over = this.#announcement?.playing;
    if (over?.format === this.#linearFormat) {
      over.readLinear(voice.added);
      voice.add();
      this.#announcement?.readOne(over);
    }
    if (this.#gain !== 1) voice.scale(this.#gain);
    if (beep !== undefined) {
      const room = voice.room(beep.sampleRateHz);
      beep.readBeep(room);
      voice.take(room);
    }
    return voice.encode(payload);
  }

  #fill(voice: LinearVoice, source: Source, mixer: Mixer | undefined, self: Talker | undefined): void {
    if (source.kind === "mix" && mixer !== undefined && self !== undefined) {
      const room = voice.room(mixer.rateHz);
      mixer.mix(self, room);
      voice.take(room);
      return;
    }
    const { playing } = this.#prompt;
    if (playing?.format === this.#linearFormat) {
      playing.readLinear(voice.frame);
      this.#prompt.readOne(playing);
    } else if (playing?.format === this.#codec.name && this.#codec.tables !== undefined) {
      // Its linear sound is still being made: goes on in what there is.
      playing.read(companded);
      for (let index = 0; index < companded.length; index++) voice.frame[index] = this.#codec.tables.toLinear[companded[index] ?? 0] ?? 0;
      this.#prompt.readOne(playing);
    } else if (isLoop(source)) {
      const loop = this.#context.loops.samples(nameOf(source), countryOf(source), voice.rateHz);
      this.#loopPosition = readLoop(loop, this.#loopPosition % loop.length, voice.frame);
    } else voice.frame.fill(0);
  }

  #voiceAt(rateHz: number): LinearVoice {
    if (this.#linear?.rateHz !== rateHz) {
      this.#dropLinear();
      this.#linear = new LinearVoice(this.#codec, rateHz, this.#plan.opus);
    }
    this.#maker = this.#linear;
    return this.#linear;
  }

  #dropLinear(): void {
    this.#linear?.close();
    this.#linear = undefined;
  }
}

function isLoop(source: Source): source is Loop {
  return source.kind === "hold-music" || source.kind === "ringback" || source.kind === "tone";
}

function isSameLoop(one: Source, other: Source): boolean {
  return isLoop(one) && isLoop(other) && nameOf(one) === nameOf(other) && countryOf(one) === countryOf(other);
}

function nameOf(source: Loop): LoopName {
  return source.kind === "tone" ? source.tone : source.kind;
}

function countryOf(source: Loop): string | undefined {
  return source.kind === "hold-music" ? undefined : source.country;
}

function copy(from: Uint8Array, into: Uint8Array): void {
  for (let index = 0; index < from.length; index++) into[index] = from[index] ?? 0;
}
