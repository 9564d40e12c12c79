/** What the processes of the media bench say to each other. */
import type { CodecName, MediaPlan, PromptItem } from "../../src/media/index.ts";

export type SoundItem = Extract<PromptItem, { kind: "speech" | "audio" }>;

/** Plans of one call: the first at once, each later one when a prompt of the one before has ended. */
export type CallPlans = { readonly callId: string; readonly plans: readonly MediaPlan[] };

export type EngineQuestion =
  /** First of all. Prompts are kept in the directory. */
  | { readonly kind: "open"; readonly workers: number; readonly sockets: "polled" | "node"; readonly directory: string }
  /** Answered with the frames of 20 ms that make up the sound. */
  | { readonly kind: "frames"; readonly item: SoundItem; readonly codec: CodecName }
  | { readonly kind: "apply"; readonly calls: readonly CallPlans[] }
  /** With `collects`, garbage is collected before. */
  | { readonly kind: "report"; readonly collects?: true }
  /** Ends all calls, and waits until they are closed. */
  | { readonly kind: "end" }
  /** CPU profiles of the media threads, written into the directory at the second question. */
  | { readonly kind: "profile"; readonly directory?: string };

export type EngineReport = {
  /** Why the sound could not be made. */
  readonly refusal?: string;
  readonly frames: readonly Uint8Array[];
  /** Events since the calls before were ended. */
  readonly locked: number;
  readonly digits: number;
  readonly promptsEnded: number;
  readonly recordingsEnded: number;
  /** What went wrong, each kind once. */
  readonly failures: readonly string[];
  /** Of the calls that were ended last. */
  readonly packetsSent: number;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  readonly packetsDropped: number;
  readonly threads: ThreadReport;
};

/** All media threads together. */
export type ThreadReport = {
  readonly heapBytes: number;
  /** Since the thread began. */
  readonly collectingMs: number;
  readonly busyMs: number;
};

export type FarEndQuestion =
  | {
      readonly kind: "begin";
      /** SSRCs of the streams that come are this one and those after it. */
      readonly firstSsrc: number;
      readonly streams: number;
      /** Time from packet to packet that is ideal. */
      readonly ptimeMs: number;
      /** A byte that is silence: runs of it are looked for. Left out when it is no matter. */
      readonly silence?: number;
      readonly says: readonly Speech[];
    }
  | { readonly kind: "report" }
  /** Begins to measure anew. */
  | { readonly kind: "reset" }
  /** Says nothing any more. */
  | { readonly kind: "hush" };

/** What the far end says to each of these ports of 127.0.0.1: the frames in a circle, one each 20 ms. */
export type Speech = {
  readonly ports: readonly number[];
  readonly payloadType: number;
  readonly clockRateHz: number;
  readonly frames: readonly Uint8Array[];
};

export type FarEndReport = SinkReport & {
  /** Packets that it sent since the last reset. */
  readonly said: number;
};

export type SinkReport = {
  readonly port: number;
  readonly rtcpPort: number;
  /** Since the last reset. */
  readonly packets: number;
  /** Streams that brought a packet, and those in which one was no silence. */
  readonly streams: number;
  readonly sounding: number;
  /** Distance between two packets of one stream. */
  readonly spacing: SpreadReport;
  /** The same, less what is ideal, as an amount. */
  readonly spacingError: SpreadReport;
  /** How late the far end itself saw what its other thread sent. */
  readonly lateness: SpreadReport;
  /** The longest silence within the sound of one stream, over the borders of packets. */
  readonly longestSilenceMs: number;
};

export type SpreadReport = { readonly p50Ms: number; readonly p99Ms: number; readonly p999Ms: number; readonly maxMs: number };
