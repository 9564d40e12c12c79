import type { DatagramListener, ReceivedRtpHeader, RtpSockets } from "../../rtp/index.ts";
import type { AudioCodec } from "../codec/audio-codec.ts";
import { audioCodecs } from "../codec/codecs.ts";
import { frameMs } from "../codec/frame.ts";
import { encoderRateHz } from "../codec/voice-encoder.ts";
import { Detection } from "../detector/detection.ts";
import type { Mixer } from "../mixer.ts";
import type { MediaOrder } from "../orders.ts";
import type { EndpointPlan, MediaEvent } from "../plan.ts";
import type { Recorder } from "../sound/recorder.ts";
import type { EndpointContext } from "./context.ts";
import { DigitsHeard } from "./digits-heard.ts";
import { Door } from "./door.ts";
import { Forwarding } from "./forwarding.ts";
import { Hearing } from "./hearing.ts";
import { openStream } from "./open-stream.ts";
import { variablePayloadBytes } from "./packet-time.ts";
import { qualityOf } from "./quality.ts";
import { Receiver } from "./receiver.ts";
import { recordingRateHz, Recordings } from "./recordings.ts";
import { type Passage, passageOf } from "./relay.ts";
import { RtcpReporter } from "./rtcp-reporter.ts";
import { SourceLock } from "./source-lock.ts";
import type { RtpStream } from "./stream.ts";
import { Undecoded } from "./undecoded.ts";
import { Voice } from "./voice.ts";

/** Of greetings and beeps that are listened for, and of tones. */
const detectorRateHz = 8000;
const nobody: readonly Endpoint[] = [];

/**
 * One leg's RTP: its two sockets, what it sends and hears, and who its peer is. `advance`, `speak` and `record` are called in this order each 20 ms, the first
 * and the last only while somebody listens; `attend` now and then.
 */
export class Endpoint {
  plan: EndpointPlan;
  /** Present while somebody listens to the peer. */
  hearing: Hearing | undefined;
  /** Undefined while the plan has none. */
  codec: AudioCodec | undefined;
  readonly #context: EndpointContext;
  readonly #emit: (event: MediaEvent) => void;
  readonly #lock: SourceLock;
  readonly #receiver: Receiver;
  readonly #door: Door;
  readonly #stream: RtpStream;
  readonly #forwarding: Forwarding;
  readonly #voice: Voice;
  readonly #digits: DigitsHeard;
  readonly #rtcp: RtcpReporter;
  // What most calls never use is made when a plan or a packet asks for it.
  #recordings: Recordings | undefined;
  #detection: Detection | undefined;
  #undecoded: Undecoded | undefined;
  /** Whose packets our peer gets as they come. */
  #relaysFrom: Endpoint | undefined;
  /** Who gets the packets of our peer as they come, and who its digits beside what is made of its voice. */
  #relaysTo: readonly Endpoint[] = nobody;
  #talksTo: readonly Endpoint[] = nobody;
  /** In which the peer speaks now: it may use others of those that were agreed on, at any time. */
  #spoken: AudioCodec | undefined;
  /** It speaks in another codec than when it was decided who gets what how. */
  #isRouteOld = false;
  /** Whose recording's beep our peer hears as well. */
  #beeper: Endpoint | undefined;
  /** Digits of ours are being sent: a relayed voice has to wait. */
  #isKeying = false;
  #hearingDropped = 0;
  #hearingLate = 0;
  #mixRateHz: number | undefined;

  /** `fail` is told what a packet made go wrong. */
  constructor(plan: EndpointPlan, context: EndpointContext, emit: (event: MediaEvent) => void, fail: (cause: unknown) => void) {
    this.plan = plan;
    this.codec = plan.codec && audioCodecs[plan.codec];
    this.#spoken = this.codec;
    this.#context = context;
    this.#emit = emit;
    this.#lock = new SourceLock(plan, (remote) => {
      this.#aim();
      emit({ kind: "locked", remote });
    });
    const datagrams: DatagramListener = {
      rtp: (bytes, address, port, waitedMs = 0) => this.#receiver.receive(bytes, address, port, waitedMs),
      rtcp: (bytes, address, _port, waitedMs = 0) => this.#receiveRtcp(bytes, address, waitedMs),
    };
    this.#door = new Door(context, datagrams, fail);
    this.#stream = openStream(plan, this.#clockRateHz, context, emit);
    this.#forwarding = new Forwarding(this.#stream);
    this.#voice = new Voice(plan, this.codec ?? audioCodecs.PCMU, context, emit);
    this.#rtcp = new RtcpReporter(context.clock, context.ids);
    this.#digits = new DigitsHeard({
      began: () => this.#voice.bargeIn(),
      digit: (digit, durationMs, by) => {
        this.#recordings?.digit(digit);
        emit({ kind: "digit", digit, durationMs, ...(by === "tone" && { by }) });
      },
    });
    this.#receiver = new Receiver(plan, this.#lock, context, {
      sound: (header, bytes, nowMs) => this.#hearSound(header, bytes, nowMs),
      event: (header, bytes, nowMs) => {
        this.#digits.receive(header, bytes, nowMs);
        this.hearing?.pass(header.sequenceNumber);
        for (const listener of this.#relaysTo) listener.#forward(header, bytes, listener.plan.telephoneEvent, "as it is");
        for (const listener of this.#talksTo) listener.#forwardEvent(header, bytes, this.#eventRateHz);
      },
      rtcp: (bytes, address, waitedMs) => this.#receiveRtcp(bytes, address, waitedMs),
      restarted: () => {
        this.#digits.reset();
        this.#rtcp.monitor.restart();
        this.hearing?.reset();
      },
      resumed: () => emit({ kind: "media-resumed" }),
      timedOut: (silentMs) => emit({ kind: "media-timeout", silentMs }),
    });
  }

  /** The ports go free when `plan` wants others. All endpoints of a call leave before any enters, so they can trade ports. */
  leave(plan: EndpointPlan | undefined): void {
    if (plan === undefined || !this.#door.isFor(plan)) this.#door.close();
  }

  enter(wanted: EndpointPlan): void {
    const plan = wanted.codec === undefined ? (this.#undecoded ??= new Undecoded(this.#emit)).refuse(wanted) : wanted;
    this.plan = plan;
    const codec = plan.codec && audioCodecs[plan.codec];
    if (codec !== this.codec) {
      this.#hear(undefined, undefined);
      this.#spoken = codec;
    }
    this.codec = codec;
    const { bytesPerMs } = codec ?? {};
    this.#stream.ssrc = plan.ssrc;
    this.#rtcp.monitor.clockRateHz = this.#clockRateHz;
    this.#stream.shape(this.#clockRateHz, plan.ptimeMs ?? frameMs, bytesPerMs === undefined ? variablePayloadBytes : bytesPerMs * frameMs);
    this.#receiver.update(plan, this.#clockRateHz);
    this.#digits.update(plan, this.#eventRateHz);
    this.#lock.update(plan);
    this.#voice.update(plan, codec ?? audioCodecs.PCMU);
    this.hearing?.update(plan);
    if (plan.recordings.length > 0) this.#recordings ??= new Recordings(this.#context.logger, this.#emit);
    this.#recordings?.update(plan.recordings, recordingRateHz(codec));
    if (plan.detect !== undefined) this.#detection ??= this.#newDetection();
    this.#detection?.update(plan.detect);
    if (!this.#door.isFor(plan) && !this.#door.open(plan)) this.#emit({ kind: "port-taken", localPort: plan.localPort });
    this.#aim();
  }

  /** Sound for a prompt that the plan named. */
  provide(order: Extract<MediaOrder, { kind: "prompt" }>): void {
    this.#voice.provide(order);
  }

  /** How packets of `speaker`'s peer could go to ours as they come, if nobody has anything to add to them. */
  passageFrom(speaker: Endpoint): Passage {
    const { announcement, volumeDb = 0 } = this.plan;
    if (announcement !== undefined || volumeDb !== 0 || !speaker.plan.receives || speaker.codec === undefined) return undefined;
    return passageOf(speaker.#spoken, this.codec);
  }

  /** What began with a tone that our peer hears now, and whoever hears our peer, instead of what the plan says. */
  get beeping(): Recorder | undefined {
    return this.#recordings?.beeping;
  }

  /** At which rate our peer is recorded together with what it hears; undefined when it is not. */
  get recordsBothAtHz(): number | undefined {
    return this.#recordings?.hearBoth === true ? recordingRateHz(this.codec) : undefined;
  }

  /** True when it has to be decided anew who gets what how. */
  get isRouteOld(): boolean {
    return this.#isRouteOld;
  }

  /**
   * Says whose packets our peer gets as they come, who gets those of our peer, who hears nobody but our peer otherwise, at which rate somebody listens to it, and
   * whose beep our peer hears. Undefined where there is none.
   */
  route(
    relaysFrom: Endpoint | undefined,
    relaysTo: readonly Endpoint[] = nobody,
    talksTo: readonly Endpoint[] = nobody,
    mixRateHz: number | undefined,
    beeper: Endpoint | undefined,
  ): void {
    this.#isRouteOld = false;
    this.#beeper = beeper;
    if (relaysFrom !== this.#relaysFrom) this.#forwarding.restart();
    this.#relaysFrom = relaysFrom;
    this.#relaysTo = relaysTo;
    this.#talksTo = talksTo;
    if (relaysTo.length > 0) this.#context.relaying.add(this);
    else this.#context.relaying.delete(this);
    const { codec } = this;
    const isListenedTo =
      mixRateHz !== undefined || this.#digits.hearsTones || this.#recordings?.areRunning === true || this.#detection?.isRunning === true;
    this.#mixRateHz = mixRateHz;
    if (codec === undefined || !isListenedTo) this.#hear(undefined, undefined);
    else this.#hear(this.hearing?.codec ?? codec, mixRateHz);
  }

  /** The next 20 ms of the peer. */
  advance(nowMs: number): void {
    this.hearing?.advance(nowMs);
  }

  /** Sends our next 20 ms. */
  speak(mixer: Mixer): void {
    const { outlet } = this.#door;
    if (outlet === undefined) this.#voice.pause(this.#stream);
    else if (this.codec !== undefined && this.#relaysFrom === undefined) {
      this.#isKeying = this.#voice.speak(this.#stream, outlet, mixer, this, this.beeping ?? this.#beeper?.beeping);
    } else {
      this.#isKeying = this.#voice.press(this.#stream, outlet);
      if (!this.#isKeying) this.#waitForPackets(outlet);
    }
  }

  /** Packets whose length is no whole number of frames are due 10 ms after a frame too. */
  get isBetweenWanted(): boolean {
    return this.#voice.isBetweenWanted;
  }

  speakBetween(): void {
    const { outlet } = this.#door;
    if (outlet !== undefined) this.#voice.speakBetween(this.#stream, outlet);
  }

  /** Does what is due: RTCP, media that does not come, and digits whose end was lost. */
  attend(nowMs: number): void {
    this.#digits.expire(nowMs);
    this.#receiver.attend(nowMs);
    if (this.#lock.target === undefined || this.#door.sockets === undefined || !this.#rtcp.isDue(nowMs)) return;
    this.#sendReport(false);
    this.#emit({ kind: "quality", counters: this.#counters() });
  }

  record(): void {
    const { hearing } = this;
    if (hearing === undefined) return;
    if (this.#recordings?.areRunning === true) this.#recordings.write(hearing, this.#heard);
    if (this.#detection?.isRunning === true) this.#detection.write(hearing.at(detectorRateHz));
    if (this.#digits.hearsTones) this.#digits.write(hearing.at(detectorRateHz), this.#context.clock.monotonicMs());
  }

  /** Says goodbye and frees the ports at once. Then tells the counters: when its recordings are finished, which settles what it returns; else at once. */
  close(): Promise<void> | undefined {
    this.#sendReport(true);
    const counters = this.#counters();
    this.#hear(undefined, undefined);
    this.#context.relaying.delete(this);
    this.#door.close();
    this.#voice.close();
    this.#digits.reset();
    const tellEnd = () => this.#emit({ kind: "closed", counters });
    if (this.#recordings !== undefined) return this.#recordings.close().then(tellEnd);
    tellEnd();
    return undefined;
  }

  /** Packets of another come when they come. Until the first of them our peer hears silence: it may wait for us before it sends any itself. */
  #waitForPackets(outlet: RtpSockets): void {
    if (this.codec !== undefined && this.#forwarding.isPaused) this.#voice.rest(this.#stream, outlet);
    else {
      this.#forwarding.wait();
      this.#voice.pause(this.#stream);
    }
  }

  #counters(): Extract<MediaEvent, { kind: "closed" }>["counters"] {
    const { statistics, dropped } = this.#receiver;
    return {
      packetsSent: this.#stream.packets,
      packetsReceived: statistics.packetsReceived,
      packetsLost: statistics.packetsLost,
      packetsDropped: dropped + this.#hearingDropped + (this.hearing?.dropped ?? 0),
      jitterMs: (statistics.jitter * 1000) / this.#clockRateHz,
      ...qualityOf(statistics, this.codec, this.hearing, this.#hearingLate, this.#rtcp.monitor),
    };
  }

  #newDetection(): Detection {
    return new Detection((detectId, result) => this.#emit({ kind: "answered-by", detectId, result }));
  }

  /** Listens to this codec, at the rate of the mix where it can, or not at all. */
  #hear(codec: AudioCodec | undefined, mixRateHz: number | undefined): void {
    const { hearing } = this;
    const rateHz = codec && encoderRateHz(codec, mixRateHz ?? recordingRateHz(codec));
    if (hearing !== undefined && (hearing.rateHz !== rateHz || hearing.codec !== codec)) {
      this.#hearingDropped += hearing.dropped;
      this.#hearingLate += hearing.late;
      hearing.close();
      this.hearing = undefined;
    }
    if (rateHz === undefined || codec === undefined || this.hearing !== undefined) return;
    this.hearing = new Hearing(codec, rateHz, this.plan, (isTalking) => this.#emit({ kind: "talking", isTalking }));
  }

  /** What our peer heard in this frame. */
  readonly #heard = (rateHz: number): Int16Array => {
    const { hearing } = this.#relaysFrom ?? {};
    return hearing !== undefined && !this.#isKeying ? hearing.at(rateHz) : this.#voice.heard(this.#stream, rateHz);
  };

  get #clockRateHz(): number {
    return this.codec?.clockRateHz ?? this.plan.clockRateHz ?? 8000;
  }

  /** Of the durations of telephone-events. */
  get #eventRateHz(): number {
    return this.plan.telephoneEventClockRateHz ?? this.#clockRateHz;
  }

  #hearSound(header: ReceivedRtpHeader, bytes: Uint8Array, nowMs: number): void {
    const { hearing, plan } = this;
    const { payloadType } = header;
    const isNoise = payloadType === plan.comfortNoise;
    const isOther = !isNoise && payloadType !== plan.payloadType && payloadType !== plan.receivePayloadType;
    const other = isOther ? plan.alsoReceives?.find((also) => also.payloadType === payloadType)?.codec : undefined;
    const codec = other === undefined ? this.codec : audioCodecs[other];
    if (!isNoise && codec !== this.#spoken) {
      this.#spoken = codec;
      this.#isRouteOld = true;
    }
    if (hearing === undefined && this.#relaysTo.length === 0) return;
    if (hearing !== undefined && codec !== undefined && !isNoise && !hearing.canHear(codec)) this.#hear(codec, this.#mixRateHz);
    this.hearing?.put(header, bytes, nowMs);
    for (const listener of this.#relaysTo) {
      if (isNoise) listener.#forward(header, bytes, listener.plan.comfortNoise, "as it is");
      else listener.#forward(header, bytes, listener.plan.payloadType, passageOf(codec, listener.codec));
    }
  }

  /** Sends on what the other side's peer said. */
  #forward(header: ReceivedRtpHeader, bytes: Uint8Array, payloadType: number | undefined, passage: Passage): void {
    const { outlet } = this.#door;
    if (outlet === undefined || this.#isKeying || payloadType === undefined || passage === undefined) return;
    this.#voice.giveWay();
    this.#forwarding.sound(outlet, header, bytes, payloadType, passage, payloadType === this.plan.comfortNoise);
  }

  #forwardEvent(header: ReceivedRtpHeader, bytes: Uint8Array, eventRateHz: number): void {
    const { outlet } = this.#door;
    const { telephoneEvent } = this.plan;
    if (outlet === undefined || this.#isKeying || telephoneEvent === undefined) return;
    this.#forwarding.event(outlet, header, bytes, telephoneEvent, this.#eventRateHz / eventRateHz);
  }

  #aim(): void {
    this.#door.aim(this.#lock, this.plan.sends);
  }

  #receiveRtcp(bytes: Uint8Array, address: string, waitedMs: number): void {
    if (address === this.#lock.target?.address) this.#rtcp.receive(bytes, this.#stream.ssrc, this.#receiver.ssrc, waitedMs);
  }

  #sendReport(goodbye: boolean): void {
    const { target } = this.#lock;
    if (target === undefined || this.#door.sockets === undefined) return;
    const report = this.#rtcp.report(this.#stream, this.#receiver.statistics, this.#receiver.ssrc, goodbye);
    this.#door.sendReport(report, target, this.plan);
  }
}
