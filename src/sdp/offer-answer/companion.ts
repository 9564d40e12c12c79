/** Formats that say something beside a codec: telephone events (RFC 4733) and comfort noise (RFC 3389). */
import type { CodecName } from "../../kernel/index.ts";
import type { PayloadFormat } from "../attribute/payload-format.ts";

/** RFC 3389, 4733, 2198, 5109, 8627, 4588. */
const companions: ReadonlySet<string> = new Set(["cn", "telephone-event", "tone", "red", "ulpfec", "parityfec", "flexfec", "rtx"]);

/** It is no codec by itself. */
export function isCompanion({ name }: PayloadFormat): boolean {
  return companions.has(name.toLowerCase());
}

export const telephoneEventName = "telephone-event";
/** The keys of a telephone. */
export const telephoneEventRange = "0-15";

const plainRateHz = 8000;
/** Of other rates from the last one up. Like those of codecs they stay what they are. */
const eventPayloadTypes: Readonly<Record<number, number>> = { [plainRateHz]: 101, 48_000: 110 };
const otherEventPayloadType = 102;

/** Events as we offer them at this rate. */
export function eventsAt(clockRateHz: number, payloadType = eventPayloadTypes[clockRateHz] ?? otherEventPayloadType): PayloadFormat {
  return { payloadType, name: telephoneEventName, clockRateHz, channels: 1 };
}

/** The rates at which we offer events: those of the codecs, and beside codecs of ours the one that everybody has. */
export function eventRates(formats: readonly PayloadFormat[], hasOwn: boolean): ReadonlySet<number> {
  const rates = formats.map(({ clockRateHz }) => clockRateHz);
  return new Set(hasOwn ? [plainRateHz, ...rates] : rates);
}

/** Events share the timestamps of the codec, so the rate should be its own (RFC 4733 §2.1). */
export function isEventAt(clockRateHz: number, format: PayloadFormat): boolean {
  return format.clockRateHz === clockRateHz && (format.name === telephoneEventName || format.name.toLowerCase() === telephoneEventName);
}

/**
 * The events that go with a codec of ours at this rate, among what a side has. Many phones have Opus and yet events at 8,000 Hz alone: a
 * packet of theirs then has the timestamp of the stream, as RFC 4733 §2.1 wants it, and durations at 8,000 Hz, as their rtpmap says.
 */
export function eventsBeside(clockRateHz: number, formats: readonly PayloadFormat[]): PayloadFormat | undefined {
  const at = (rateHz: number) => formats.find((format) => isEventAt(rateHz, format));
  return at(clockRateHz) ?? at(plainRateHz);
}

/** Statically numbered, and at 8 kHz: with codecs that have nothing of the kind themselves. */
export const comfortNoise: PayloadFormat = { payloadType: 13, name: "CN", clockRateHz: 8000, channels: 1 };

export function mayHaveComfortNoise(codec: CodecName | undefined): boolean {
  return codec === "PCMU" || codec === "PCMA";
}

export function isComfortNoise({ payloadType, name, clockRateHz }: PayloadFormat): boolean {
  return payloadType === comfortNoise.payloadType && clockRateHz === comfortNoise.clockRateHz && name.toUpperCase() === comfortNoise.name;
}
