import { join } from "node:path";
import type { CodecName, EndpointPlan, PromptItem, RecordingPlan, Source } from "../../src/media/index.ts";
import type { CallPlans, SoundItem } from "./messages.ts";
import { sentence, type Sounds } from "./sounds.ts";

/** What a row needs to know of where it is measured. */
export type Place = {
  readonly sounds: Sounds;
  /** The directory for them. */
  readonly recordings: string;
  /** The far end, one for all. */
  readonly remote: NonNullable<EndpointPlan["remote"]>;
};

/** One way of using the engine. */
export type Row = {
  readonly name: string;
  /** How many calls at a time, when not what the options say. */
  readonly calls?: readonly number[];
  /** Legs that have media together, by codec: one of a call by itself, two of a bridge, the parties of a conference. */
  readonly codecs: readonly CodecName[];
  /** How many of these legs count as one call: both of a bridge, one of a conference. */
  readonly legsPerCall: number;
  /** What the far end says to each leg; nothing when left out. */
  readonly says?: (place: Place) => SoundItem;
  /** The longest silence between two sounds is looked for. */
  readonly watchesSilence?: true;
  /** One plan after another: the next when a prompt has ended. */
  readonly plans: (legs: readonly EndpointPlan[], place: Place) => CallPlans["plans"];
};

const speech = () => sentence;
const parties = 100;
/** As many prompts as nobody waits for the end of. */
const prompts = 60;

export const rows: readonly Row[] = [
  { name: "playback", codecs: ["PCMU"], legsPerCall: 1, plans: alone(playing(sentence)) },
  { name: "playback-two-way", codecs: ["PCMU"], legsPerCall: 1, says: speech, plans: alone(playing(sentence)) },
  { name: "bridge-same", codecs: ["PCMU", "PCMU"], legsPerCall: 2, says: speech, plans: together },
  { name: "bridge-transcoded", codecs: ["PCMU", "PCMA"], legsPerCall: 2, says: speech, plans: together },
  { name: "bridge-wideband", codecs: ["PCMU", "G722"], legsPerCall: 2, says: speech, plans: together },
  { name: "conference", codecs: Array<CodecName>(parties).fill("PCMU"), legsPerCall: 1, says: speech, plans: together },
  { name: "conference-wideband", codecs: Array<CodecName>(parties).fill("G722"), legsPerCall: 1, says: speech, plans: together },
  { name: "recording", codecs: ["PCMU"], legsPerCall: 1, says: speech, plans: recorded({ hears: "peer" }) },
  { name: "recording-stereo", codecs: ["PCMU"], legsPerCall: 1, says: speech, plans: recorded({ hears: "both", channels: 2 }) },
  {
    name: "dtmf-in-band",
    codecs: ["PCMU"],
    legsPerCall: 1,
    says: ({ sounds }) => sounds.keys,
    plans: alone(playing(sentence), { hearsTones: true }),
  },
  // Encoded once, before.
  { name: "opus-playback", codecs: ["opus"], legsPerCall: 1, plans: alone(playing(sentence)) },
  // Decoded and encoded as it comes.
  { name: "opus-live", calls: [50, 150], codecs: ["opus", "PCMU"], legsPerCall: 2, says: speech, plans: together },
  {
    name: "item-to-item",
    calls: [100],
    codecs: ["PCMU"],
    legsPerCall: 1,
    watchesSilence: true,
    plans: ([leg], { sounds }) => [{ endpoints: [{ ...legOf(leg), source: playing(sounds.tone, sounds.tone) }] }],
  },
  {
    name: "prompt-to-prompt",
    calls: [100],
    codecs: ["PCMU"],
    legsPerCall: 1,
    watchesSilence: true,
    plans: ([leg], { sounds }) =>
      Array.from({ length: prompts }, (_, index) => ({
        endpoints: [{ ...legOf(leg), source: prompt(`prompt ${index}`, [sounds.tone], 0) }],
      })),
  },
];

function alone(source: Source, wants: Partial<EndpointPlan> = {}): Row["plans"] {
  return (legs) => [{ endpoints: legs.map((leg) => ({ ...leg, ...wants, source })) }];
}

/** Everybody hears everybody else. */
function together(legs: readonly EndpointPlan[]): CallPlans["plans"] {
  const all = legs.map(({ endpointId }) => endpointId);
  return [
    {
      endpoints: legs.map((leg) => ({
        ...leg,
        source: { kind: "mix", endpointIds: all.filter((endpointId) => endpointId !== leg.endpointId) },
      })),
    },
  ];
}

function recorded(wants: Pick<RecordingPlan, "hears" | "channels">): Row["plans"] {
  return (legs, { recordings }) => [
    {
      endpoints: legs.map((leg) => ({
        ...leg,
        source: playing(sentence),
        recordings: [
          {
            recordingId: `recording ${leg.endpointId}`,
            path: join(recordings, `${leg.endpointId}.wav`),
            maxMs: 3_600_000,
            silenceMs: 0,
            finishOn: "",
            ...wants,
          },
        ],
      })),
    },
  ];
}

function playing(...items: readonly PromptItem[]): Source {
  return prompt("prompt", items, -1);
}

function prompt(promptId: string, items: readonly PromptItem[], repeat: number): Source {
  return { kind: "prompt", prompt: { promptId, items, repeat, offsetMs: 0, start: 0, bargeIn: false } };
}

function legOf(leg: EndpointPlan | undefined): EndpointPlan {
  if (leg === undefined) throw new Error("a call has a leg");
  return leg;
}
