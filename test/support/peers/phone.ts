import type { Wav } from "../audio/wav.ts";

/** Codecs that all real phones of the tests have, by their names in SDP. */
export const phoneCodecs = ["PCMU", "PCMA", "G722", "opus"] as const;
export type PhoneCodec = (typeof phoneCodecs)[number];

/** Where a phone signs in: the SIP port of a server on 127.0.0.1. */
export type PhoneAccount = {
  readonly username: string;
  readonly password: string;
  readonly port: number;
  /** UDP when left out. */
  readonly transport?: "tcp";
  /** The port of an outbound proxy that everything goes through. */
  readonly proxyPort?: number;
  /** By TLS it is given this CA, a PEM file. */
  readonly tls?: { readonly caFile: string };
};

export type PhoneOptions = {
  /** What it says, at `saysAtHz`; silence when not given. */
  readonly says?: Int16Array;
  /** 8,000 when not given. With G.722 baresip wants 16,000: from 8,000 it resamples 1,400 Hz 15 dB too low. */
  readonly saysAtHz?: 8_000 | 16_000;
  /** Signs in there; see `registered`. */
  readonly account?: PhoneAccount;
  /** The one codec that it speaks. */
  readonly codec?: PhoneCodec;
};

/** What a test asks of a real softphone, whichever it is. One call at a time. */
export type Phone = AsyncDisposable & {
  readonly port: number;
  readonly uri: string;
  /** Waits until its account is signed in; fails when that is refused. */
  registered(timeoutMs?: number): Promise<void>;
  /** Calls `uri` and waits until it is answered; fails when it is refused. */
  call(uri: string): Promise<void>;
  /** Waits until a call, either way, is answered. */
  answered(timeoutMs?: number): Promise<void>;
  /** Waits until the call is over. */
  ended(timeoutMs?: number): Promise<void>;
  /** Presses digits, one after another. */
  press(digits: string): Promise<void>;
  hold(): Promise<void>;
  resume(): Promise<void>;
  hangUp(): Promise<void>;
  /** Digits received until now. */
  digits(): string;
  /** What it heard, 8 kHz; complete once the call is over. */
  recording(): Promise<Int16Array>;
  /** The same as its codec gave it. */
  heard(): Promise<Wav>;
};
