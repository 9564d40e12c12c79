/**
 * A telephone without a person: takes one call after another from its own SIP socket, rings, answers, records what it hears and presses
 * digits. An ordinary user agent; it shares nothing with the server but the protocol code.
 */
import { rmSync } from "node:fs";
import { type Clock, derive, type Ids, type Timer } from "../kernel/index.ts";
import type { EndpointPlan, MediaEngine, MediaPlan } from "../media/index.ts";
import type { PortPool } from "../rtp/index.ts";
import {
  acceptAnswer,
  createAnswer,
  createOffer,
  formatSdp,
  type LocalMedia,
  type Negotiated,
  parseSdp,
  receives,
  sends,
  type SessionDescription,
} from "../sdp/index.ts";
import { autoAnswerAfterMs } from "./auto-answer.ts";
import {
  type Body,
  type Ending,
  type EndReason,
  type InviteEvents,
  type InviteServerTransaction,
  type InviteUsage,
  responseTo,
  type SipStack,
} from "../sip/index.ts";
import type { DemoPhoneSettings } from "./settings.ts";

export type PhoneOptions = {
  readonly stack: SipStack;
  readonly media: MediaEngine;
  readonly ports: PortPool;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Where peers reach its media. */
  readonly host: string;
  /** Without one it records nothing. */
  readonly recordingPath?: string;
  readonly settings: DemoPhoneSettings;
};

const codecs = ["PCMU", "PCMA"] as const;
const pauseMs = 500;
const toneMs = 100;
/** Nobody rings, or talks to a machine, for longer than this. */
const longestCallMs = 600_000;
const mostCalls = 20;

export class Phone {
  readonly #options: PhoneOptions;
  readonly #calls = new Set<PhoneCall>();
  #settings: DemoPhoneSettings;

  constructor(options: PhoneOptions) {
    this.#options = options;
    this.#settings = options.settings;
    options.stack.onInvite((transaction) => this.#invited(transaction));
  }

  configure(settings: DemoPhoneSettings): void {
    this.#settings = settings;
  }

  close(): void {
    for (const call of this.#calls) call.close();
  }

  #invited(transaction: InviteServerTransaction): void {
    const { ids, ports } = this.#options;
    const localPort = this.#calls.size < mostCalls && this.#settings.behaviour !== "busy" ? ports.acquire() : undefined;
    if (localPort === undefined) {
      transaction.respond(responseTo(transaction.request, 486, { toTag: ids.random(4) }));
      return;
    }
    const call = new PhoneCall(this.#options, this.#settings, localPort, () => {
      this.#calls.delete(call);
      ports.release(localPort);
    });
    this.#calls.add(call);
    call.begin(transaction);
  }
}

class PhoneCall implements InviteEvents {
  readonly #options: PhoneOptions;
  readonly #settings: DemoPhoneSettings;
  readonly #id: string;
  readonly #localPort: number;
  readonly #over: () => void;
  readonly #timers: Timer[] = [];
  #usage: InviteUsage | undefined;
  #session: Negotiated | undefined;
  /** An offer of ours that waits for its answer. */
  #offered: SessionDescription | undefined;
  #version = 1;
  #revision = 0;
  #pressed = "";
  #presses = 0;
  #isTalking = false;

  constructor(options: PhoneOptions, settings: DemoPhoneSettings, localPort: number, over: () => void) {
    this.#options = options;
    this.#settings = settings;
    this.#id = options.ids.next();
    this.#localPort = localPort;
    this.#over = over;
  }

  begin(transaction: InviteServerTransaction): void {
    const { stack, ids } = this.#options;
    const contact = stack.contactUri("demo", transaction.source);
    const usage = stack.acceptInvite(transaction, { localTag: ids.random(4), contact }, this);
    this.#usage = usage;
    const { behaviour, answerAfterMs } = this.#settings;
    const { body } = transaction.request;
    this.#after(longestCallMs, () => usage.bye());
    if (behaviour === "reject") usage.reject(603);
    else usage.ring(180);
    if (behaviour === "answer") this.#after(autoAnswerAfterMs(transaction.request) ?? answerAfterMs, () => this.#answer(body));
  }

  close(): void {
    this.#end();
  }

  #answer(offer: Uint8Array): void {
    const answer = offer.length === 0 ? this.#offer() : this.#answerTo(offer);
    if (answer === undefined) {
      this.#usage?.reject(488);
      return;
    }
    // A recorder goes on with a file that is there; this is another call.
    const { recordingPath } = this.#options;
    if (recordingPath !== undefined) rmSync(recordingPath, { force: true });
    this.#isTalking = true;
    this.#usage?.answer(answer);
    this.#apply();
    let wait = 0;
    for (const key of this.#settings.digits) {
      if (key === ",") wait += pauseMs;
      else {
        this.#after(wait, () => this.#press(key));
        wait += pauseMs;
      }
    }
  }

  #press(key: string): void {
    this.#pressed = key;
    this.#presses++;
    this.#apply();
  }

  #answerTo(offer: string | Uint8Array): Body | undefined {
    const parsed = parseSdp(offer);
    const answered = parsed.ok ? createAnswer(parsed.value, this.#local()) : undefined;
    if (answered?.ok !== true) return undefined;
    this.#session = answered.negotiated;
    return { contentType: "application/sdp", content: Buffer.from(formatSdp(answered.answer)) };
  }

  /** For an INVITE that brings none: the answer comes with its ACK (RFC 3261 §13.2.1). */
  #offer(): Body {
    this.#offered = createOffer(this.#local());
    return { contentType: "application/sdp", content: Buffer.from(formatSdp(this.#offered)) };
  }

  #local(): LocalMedia {
    const sessionId = String(Number.parseInt(this.#id.slice(0, 12), 16));
    const { host } = this.#options;
    return {
      address: host,
      port: this.#localPort,
      sessionId,
      version: this.#version++,
      codecs,
      telephoneEvent: true,
      direction: "sendrecv",
      ptimeMs: 20,
    };
  }

  #apply(): void {
    this.#options.media.apply(this.#id, this.#plan(), ++this.#revision);
  }

  #plan(): MediaPlan {
    const session = this.#session;
    if (session === undefined || !this.#isTalking) return { endpoints: [] };
    const { codec, payloadType, telephoneEvent, remote, remoteRtcp, direction } = session;
    const { recordingPath: path } = this.#options;
    const endpoint: EndpointPlan = {
      endpointId: this.#id,
      localPort: this.#localPort,
      remote: { ...remote, rtcpPort: remoteRtcp.port },
      ...(codec !== undefined && { codec }),
      payloadType,
      ssrc: Number.parseInt(derive(Buffer.from(this.#id), 4, "ssrc"), 16),
      sends: sends(direction),
      receives: receives(direction),
      source: { kind: "silence" },
      digits: this.#pressed === "" ? [] : [{ digitsId: String(this.#presses), digits: this.#pressed, toneMs, gapMs: toneMs }],
      recordings:
        path === undefined ? [] : [{ recordingId: "heard", path, maxMs: longestCallMs, silenceMs: 0, finishOn: "", hears: "peer" }],
      ...(telephoneEvent && { telephoneEvent: telephoneEvent.payloadType }),
    };
    return { endpoints: [endpoint] };
  }

  #after(delayMs: number, action: () => void): void {
    this.#timers.push(this.#options.clock.after(delayMs, action));
  }

  #end(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#isTalking = false;
    this.#apply();
    this.#over();
  }

  // InviteEvents: what the caller does

  cancelled(_reason: EndReason, release: () => void): void {
    this.#end();
    release();
  }

  ended(_ending: Ending, release: () => void): void {
    this.#end();
    release();
  }

  offered(offer: Body | undefined, respond: (status: number, body?: Body) => void): void {
    if (offer === undefined) return respond(200, this.#offer());
    const answer = this.#answerTo(offer.content);
    if (answer === undefined) return respond(488);
    respond(200, answer);
    this.#apply();
  }

  acknowledged(body: Body | undefined): void {
    const parsed = body === undefined ? undefined : parseSdp(body.content);
    if (this.#offered === undefined || parsed?.ok !== true) return;
    const accepted = acceptAnswer(this.#offered, parsed.value, { codecs });
    this.#offered = undefined;
    if (!accepted.ok) return this.#usage?.bye();
    this.#session = accepted.negotiated;
    this.#apply();
  }

  received(): boolean {
    return false;
  }

  // It sends no INVITE, and what remains asks nothing of it.

  provisional(): void {}
  answered(): undefined {}
  challenged(): void {}
  failed(): void {}
  ackMissing(): void {}
  sessionAccepted(): undefined {}
  sessionRefused(): void {}
  dialogChanged(): void {}
  alive(): void {}
}
