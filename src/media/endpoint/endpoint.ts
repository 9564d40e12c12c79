import {
  emptyRtpHeader,
  parseRtp,
  type ReceivedRtpHeader,
  ReceiverStatistics,
  type RtpSockets,
  TelephoneEventReceiver,
} from "../../rtp/index.ts";
import { type Codec, codecByName, frameMs, sampleRateHz, transcode } from "../codec/codec.ts";
import type { Mixer } from "../mixer.ts";
import type { PlayableItem } from "../orders.ts";
import type { EndpointPlan, MediaEvent } from "../plan.ts";
import { Detection } from "../detector/detection.ts";
import type { EndpointContext } from "./context.ts";
import { Hearing } from "./hearing.ts";
import { Recordings } from "./recordings.ts";
import { Relay } from "./relay.ts";
import { RtcpReporter } from "./rtcp-reporter.ts";
import { SourceLock } from "./source-lock.ts";
import { RtpStream } from "./stream.ts";
import { Undecoded } from "./undecoded.ts";
import { Voice } from "./voice.ts";

/** After a restart the stream goes on this far ahead of where it can have been. */
const resumeMargin = 64;

/**
 * One leg's RTP: its two sockets, what it sends and hears, and who its peer is. `advance`, `speak` and `record` are called in this order each 20 ms, the first
 * and the last only while somebody listens; `attend` now and then.
 */
export class Endpoint {
  plan: EndpointPlan;
  /** Present while somebody listens to the peer. */
  hearing: Hearing | undefined;
  readonly #context: EndpointContext;
  readonly #emit: (event: MediaEvent) => void;
  readonly #lock: SourceLock;
  readonly #stream: RtpStream;
  readonly #voice: Voice;
  // What most calls never use is made when a plan or a packet asks for it.
  #recordings: Recordings | undefined;
  #detection: Detection | undefined;
  #relay: Relay | undefined;
  #undecoded: Undecoded | undefined;
  readonly #statistics = new ReceiverStatistics();
  readonly #events: TelephoneEventReceiver;
  readonly #rtcp: RtcpReporter;
  readonly #header = emptyRtpHeader();
  /** Without use while the plan has none. */
  #codec: Codec;
  /** Who gets the packets of our peer as they come. */
  #relaysTo: Endpoint | undefined;
  #sockets: RtpSockets | undefined;
  /** The same sockets while there is leave to send and an address. */
  #outlet: RtpSockets | undefined;
  /** Digits of ours are being sent: a relayed voice has to wait. */
  #isKeying = false;
  #boundPort = 0;
  #boundHost = "";
  #peerSsrc: number | undefined;
  #dropped = 0;

  constructor(plan: EndpointPlan, context: EndpointContext, emit: (event: MediaEvent) => void) {
    this.plan = plan;
    this.#context = context;
    this.#emit = emit;
    this.#codec = codecByName[plan.codec ?? "PCMU"];
    this.#lock = new SourceLock(plan, (remote) => {
      this.#aim();
      emit({ kind: "locked", remote });
    });
    this.#stream = this.#openStream(plan);
    this.#voice = new Voice(this.#codec, context, emit);
    this.#rtcp = new RtcpReporter(context.clock, context.ids);
    this.#events = new TelephoneEventReceiver({
      began: () => this.#voice.bargeIn(),
      digit: (digit, durationMs) => {
        this.#recordings?.digit(digit);
        emit({ kind: "digit", digit, durationMs });
      },
    });
  }

  /** The ports go free when `plan` wants others. All endpoints of a call leave before any enters, so they can trade ports. */
  leave(plan: EndpointPlan | undefined): void {
    if (this.#sockets === undefined || (plan !== undefined && this.#isBoundFor(plan))) return;
    this.#sockets.close();
    this.#sockets = undefined;
    this.#outlet = undefined;
  }

  enter(wanted: EndpointPlan): void {
    const plan = wanted.codec === undefined ? (this.#undecoded ??= new Undecoded(this.#emit)).refuse(wanted) : wanted;
    this.plan = plan;
    if (plan.codec === undefined) this.#hear(false);
    else if (this.#codec.name !== plan.codec) {
      this.#codec = codecByName[plan.codec];
      this.#hear(false);
    }
    this.#stream.ssrc = plan.ssrc;
    this.#stream.frameUnits = (this.#clockRateHz * frameMs) / 1000;
    this.#events.clockRateHz = this.#clockRateHz;
    this.#lock.update(plan);
    this.#voice.update(plan, this.#codec);
    if (plan.recordings.length > 0) this.#recordings ??= new Recordings(this.#context.logger, this.#emit);
    this.#recordings?.update(plan.recordings);
    if (plan.detect !== undefined) this.#detection ??= this.#newDetection();
    this.#detection?.update(plan.detect);
    if (!this.#isBoundFor(plan)) this.#bind(plan);
    this.#aim();
  }

  /** Sound for the prompt that the plan named. */
  provide(promptId: string, start: number, items: readonly PlayableItem[], error: string | undefined): void {
    this.#voice.provide(promptId, start, items, error);
  }

  listen(isHeard: boolean): void {
    this.#hear(this.plan.codec !== undefined && (isHeard || this.#recordings?.areRunning === true || this.#detection?.isRunning === true));
  }

  /** From now on the packets of our peer go on to the peer of `listener`. */
  relayTo(listener: Endpoint | undefined): void {
    this.#relaysTo = listener;
  }

  /** The next 20 ms of the peer. */
  advance(): void {
    this.hearing?.advance();
  }

  /** Sends our next 20 ms. */
  speak(mixer: Mixer): void {
    if (this.#outlet === undefined) this.#stream.pause(this.#codec.silence);
    else if (this.plan.codec !== undefined) this.#voice.speak(this.#stream, this.#outlet, mixer, this);
    else {
      this.#isKeying = this.#voice.speakKeys(this.#stream, this.#outlet);
      if (!this.#isKeying) this.#stream.pause(this.#codec.silence);
    }
  }

  /** Does what is due: RTCP, and digits whose end was lost. */
  attend(nowMs: number): void {
    this.#events.expire(nowMs);
    if (this.#sockets !== undefined && this.#rtcp.isDue(nowMs)) this.#sendReport(this.#sockets, false);
  }

  record(): void {
    if (this.hearing === undefined) return;
    this.#recordings?.write(this.hearing.linear, this.#stream.payload, this.#codec);
    this.#detection?.write(this.hearing.linear);
  }

  /** Says goodbye and frees the ports at once. Then tells the counters: when its recordings are finished, which settles what it returns; else at once. */
  close(): Promise<void> | undefined {
    this.#hear(false);
    if (this.#sockets !== undefined && this.#lock.target !== undefined) this.#sendReport(this.#sockets, true);
    this.leave(undefined);
    this.#events.reset();
    if (this.#recordings !== undefined) return this.#recordings.close().then(() => this.#tellEnd());
    this.#tellEnd();
    return undefined;
  }

  #tellEnd(): void {
    const { packetsReceived, packetsLost, jitter } = this.#statistics;
    this.#emit({
      kind: "closed",
      counters: {
        packetsSent: this.#stream.packets,
        packetsReceived,
        packetsLost,
        packetsDropped: this.#dropped,
        jitterMs: (jitter * 1000) / this.#clockRateHz,
      },
    });
  }

  #newDetection(): Detection {
    return new Detection((detectId, result) => this.#emit({ kind: "answered-by", detectId, result }));
  }

  #hear(isWanted: boolean): void {
    if (isWanted) this.hearing ??= new Hearing(this.#codec);
    else if (this.hearing !== undefined) {
      this.#dropped += this.hearing.buffer.dropped;
      this.hearing = undefined;
    }
  }

  get #clockRateHz(): number {
    return this.plan.clockRateHz ?? sampleRateHz;
  }

  #openStream(plan: EndpointPlan): RtpStream {
    const { clock, ids, outbox } = this.#context;
    const onPosition = () => {
      const { sequenceNumber, timestamp } = this.#stream;
      this.#emit({ kind: "stream", position: { sequenceNumber, timestamp, at: clock.now() } });
    };
    if (plan.resume === undefined) {
      // RFC 3550 §5.1: both begin at random.
      const drawn = ids.random(6);
      return new RtpStream(outbox, plan.ssrc, Number.parseInt(drawn.slice(0, 4), 16), Number.parseInt(drawn.slice(4), 16), onPosition);
    }
    const elapsedMs = Math.max(0, clock.now() - plan.resume.at);
    const sequenceNumber = (plan.resume.sequenceNumber + Math.floor(elapsedMs / frameMs) + resumeMargin) & 0xffff;
    return new RtpStream(
      outbox,
      plan.ssrc,
      sequenceNumber,
      (plan.resume.timestamp + (elapsedMs * this.#clockRateHz) / 1000) >>> 0,
      onPosition,
    );
  }

  #aim(): void {
    const { target, isSettled } = this.#lock;
    if (target !== undefined) this.#sockets?.aim(target.address, target.port, isSettled);
    this.#outlet = target !== undefined && this.plan.sends ? this.#sockets : undefined;
  }

  #isBoundFor(plan: EndpointPlan): boolean {
    return plan.localPort === this.#boundPort && this.#hostFor(plan) === this.#boundHost;
  }

  /** Our address of the family in which the peer has its media. */
  #hostFor({ remote }: EndpointPlan): string {
    const { host, otherHost = host } = this.#context;
    return remote === undefined || remote.address.includes(":") === host.includes(":") ? host : otherHost;
  }

  #bind(plan: EndpointPlan): void {
    const port = plan.localPort;
    this.#boundPort = port;
    this.#boundHost = this.#hostFor(plan);
    this.#sockets = this.#context.openSockets(this.#boundHost, port, {
      rtp: (bytes, address, fromPort) => this.#receive(bytes, address, fromPort),
      rtcp: (bytes, address) => this.#receiveRtcp(bytes, address),
    });
    if (this.#sockets === undefined) this.#emit({ kind: "port-taken", localPort: port });
  }

  #receive(bytes: Uint8Array, address: string, port: number): void {
    const header = this.#header;
    const { plan } = this;
    const isRtp = parseRtp(bytes, header);
    const isEvent = isRtp && isOneOf(header.payloadType, plan.receiveTelephoneEvent, plan.telephoneEvent);
    const isUsual = isEvent || isOneOf(header.payloadType, plan.receivePayloadType, plan.payloadType);
    const other = isUsual ? undefined : plan.alsoReceives?.find(({ payloadType }) => payloadType === header.payloadType);
    if (!isRtp || !(isUsual || other !== undefined)) {
      if (!isRtp && plan.rtcpMux === true) this.#receiveRtcp(bytes, address);
      else this.#dropped += 1;
      return;
    }
    const nowMs = this.#context.clock.monotonicMs();
    const verdict = this.#lock.judge(address, port, header, nowMs);
    if (verdict === "stranger") this.#dropped += 1;
    if (verdict !== "accepted") return;
    if (header.ssrc !== this.#peerSsrc) this.#meet(header.ssrc);
    const arrival = (nowMs * this.#clockRateHz) / 1000;
    if (!this.#statistics.receive(header.sequenceNumber, header.timestamp, arrival) || !plan.receives) return;
    if (other !== undefined) {
      const payload = bytes.subarray(header.payloadStart, header.payloadEnd);
      transcode(codecByName[other.codec], this.#codec, payload, payload);
    }
    if (isEvent) this.#events.receive(header.timestamp, bytes, header.payloadStart, header.payloadEnd, nowMs);
    else this.hearing?.buffer.put(header.sequenceNumber, header.timestamp, bytes, header.payloadStart, header.payloadEnd);
    this.#relaysTo?.forward(header, bytes, isEvent);
  }

  /** Sends on what the other side's peer said. */
  forward(header: ReceivedRtpHeader, bytes: Uint8Array, isEvent: boolean): void {
    const payloadType = isEvent ? this.plan.telephoneEvent : this.plan.payloadType;
    if (this.#outlet === undefined || this.#isKeying || payloadType === undefined) return;
    this.#relay ??= new Relay(this.#stream);
    this.#relay.forward(this.#outlet, header, bytes, payloadType);
  }

  #receiveRtcp(bytes: Uint8Array, address: string): void {
    if (address === this.#lock.target?.address) this.#rtcp.receive(bytes);
  }

  /** The peer's stream is a new one. */
  #meet(ssrc: number): void {
    if (this.#peerSsrc !== undefined) {
      this.#statistics.restart();
      this.#events.reset();
      this.hearing?.buffer.reset();
    }
    this.#peerSsrc = ssrc;
  }

  #sendReport(sockets: RtpSockets, goodbye: boolean): void {
    const { target } = this.#lock;
    if (target === undefined) return;
    const { remote, rtcpMux } = this.plan;
    const report = this.#rtcp.report(this.#stream, this.#statistics, this.#peerSsrc, goodbye);
    if (rtcpMux === true) {
      sockets.sendRtp(report);
      return;
    }
    // The RTCP port of SDP belongs to the address of SDP; a peer found elsewhere has it beside its RTP port.
    const port = remote !== undefined && remote.port === target.port ? remote.rtcpPort : target.port + 1;
    sockets.sendRtcp(report, target.address, port);
  }
}

/** What the peer was told to send, or what we send: some send back what they get. The first, when given, decides what the number means. */
function isOneOf(payloadType: number, told: number | undefined, sent: number | undefined): boolean {
  return payloadType === told || payloadType === sent;
}
