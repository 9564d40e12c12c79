/** From JSON to a dial plan. */
import { isE164 } from "../../../../directory/index.ts";
import { parseUri } from "../../../../sip/index.ts";
import { Members, type Mistakes } from "../request.ts";
import { fitsTemplate } from "./literal.ts";
import { type Callback, type Destination, type DialPlan, genders, languages, strategies, type Verb } from "./plan.ts";

const mostVerbs = 100;
const longestPlan = 200_000;
const longestText = 4000;
const longestSip = 250;
const mostRepeats = 1000;
const mostDigits = 255;
/** Of a DIAL, and of a PAUSE. */
const mostRingS = 600;
const mostPauseS = 3600;
const mostTalkS = 86_400;

/** `{ verbs: [ … ] }`. What was noted meanwhile is wrong; without a new mistake there is a plan. */
export function readPlan(value: unknown, path: string, mistakes: Mistakes): DialPlan | undefined {
  const members = Members.of(value, path, mistakes);
  if (members === undefined) return undefined;
  const verbs = members.required("verbs", members.list("verbs", mostVerbs, readVerb));
  if (verbs === undefined) return undefined;
  if (verbs.filter(({ type }) => type === "DIAL").length > 1) members.note("verbs", "may have one DIAL only");
  if (JSON.stringify(verbs).length > longestPlan) members.note("verbs", `must not be longer than ${longestPlan} characters`);
  return { verbs };
}

type Readers = { readonly [T in Verb["type"]]: (members: Members) => Omit<Extract<Verb, { type: T }>, "type"> | undefined };

const readers: Readers = {
  SAY(members) {
    const message = members.required("message", members.object("message"));
    const text = message?.required("text", message.text("text", longestText));
    if (text !== undefined && !fitsTemplate(text)) message?.note("text", "has too many braces");
    const language = message?.required("language", message.choice("language", languages));
    const gender = message?.choice("gender", genders) ?? "female";
    return text === undefined || language === undefined ? undefined : { message: { text, gender, language }, ...repetition(members) };
  },
  PLAY(members) {
    const fileURL = members.required("fileURL", members.url("fileURL"));
    return fileURL === undefined ? undefined : { fileURL, ...repetition(members) };
  },
  PAUSE(members) {
    const duration = members.required("duration", members.whole("duration", 1, mostPauseS));
    return duration === undefined ? undefined : { duration };
  },
  DIAL(members) {
    const from = readCallerId(members);
    const to = readDestination(members);
    const hangupDelay = members.whole("hangupDelay", 1, mostRingS);
    const maxDuration = members.whole("maxDuration", 1, mostTalkS);
    const callback = readCallback(members);
    const record = members.flag("record") ?? false;
    if (members.has("machineDetection")) members.note("machineDetection", "is not supported for DIAL");
    if (members.has("recordingCallbackUrl")) members.note("recordingCallbackUrl", "is not supported");
    if (members.choice("recordingFormat", ["MP3", "WAV"]) === "MP3") members.note("recordingFormat", "only WAV is supported");
    if (from === undefined || to === undefined) return undefined;
    return {
      from,
      to,
      ...(hangupDelay !== undefined && { hangupDelay }),
      ...(maxDuration !== undefined && { maxDuration }),
      ...(callback && { callback }),
      record,
    };
  },
  COLLECT(members) {
    const eventUrl = members.url("eventUrl");
    const maxDigits = members.whole("maxDigits", 1, mostDigits) ?? 30;
    return { ...(eventUrl !== undefined && { eventUrl }), maxDigits, submitOnHash: members.flag("submitOnHash") ?? false };
  },
};

const verbTypes = ["SAY", "PLAY", "PAUSE", "DIAL", "COLLECT"] as const satisfies readonly Verb["type"][];

function readVerb(value: unknown, path: string, mistakes: Mistakes): Verb | undefined {
  const members = Members.of(value, path, mistakes);
  const type = members?.required("type", members.choice("type", verbTypes));
  const verb = members && type && readers[type](members);
  // Each reader gives what its type is.
  return verb && ({ type, ...verb } as Verb);
}

function repetition(members: Members): { readonly repeat: number; readonly bargeIn: boolean } {
  return { repeat: members.whole("repeat", -1, mostRepeats) ?? 0, bargeIn: members.flag("bargeIn") ?? false };
}

/** `callback: { url, strategy }`, or the URL alone as in the vendor's samples. */
export function readCallback(members: Members): Callback | undefined {
  if (!members.has("callback")) return undefined;
  if (typeof members.value("callback") === "string") {
    const url = members.url("callback");
    return url === undefined ? undefined : { url, strategy: "OnCompletion" };
  }
  const callback = members.object("callback");
  const url = callback?.required("url", callback.url("url"));
  const strategy = callback?.choice("strategy", strategies) ?? "OnCompletion";
  return url === undefined ? undefined : { url, strategy };
}

/** A number with or without its plus sign, or a name: letters, digits, space, dot, - and _, at most 32. */
export function readCallerId(members: Members): string | undefined {
  const text = members.required("from", members.text("from", 32))?.trim();
  if (text === undefined) return undefined;
  if (isCallerName(text)) return text;
  return numberOf(text) ?? members.note("from", "must be a number in E.164 form, or a name of letters, digits, spaces, dots, - and _");
}

export function isCallerName(text: string): boolean {
  return /^(?=.*[A-Za-z])[A-Za-z0-9 ._-]{1,32}$/.test(text);
}

const destinations = ["phone", "sip", "viber"] as const;

/** `to`: exactly one of phone, sip and viber. */
export function readDestination(members: Members): Destination | undefined {
  const to = members.required("to", members.object("to"));
  if (to === undefined) return undefined;
  const [kind, ...others] = destinations.filter((name) => to.has(name));
  if (kind === undefined || others.length > 0) return members.note("to", "must have exactly one of phone, sip, viber");
  const text = to.text(kind, longestSip)?.trim();
  if (text === undefined) return undefined;
  // There is no way yet to say that a trunk leads there.
  if (kind === "viber") return to.note("viber", "cannot be called: no trunk for Viber is configured");
  if (kind === "phone") {
    const phone = numberOf(text);
    return phone === undefined ? to.note("phone", "must be a number in E.164 form, for example +18144043093") : { phone };
  }
  const sip = sipAddressOf(text);
  return sip === undefined ? to.note("sip", "must be a SIP address, for example user@example.com:5060") : { sip };
}

/** `user@host:port`, with or without its scheme; what headers it would bring along is nobody's to say here. */
export function sipAddressOf(text: string): string | undefined {
  const address = text.replace(/^sip:/i, "");
  const uri = parseUri(`sip:${address}`);
  const isAddress = uri.ok && uri.value.user !== undefined && uri.value.headers.size === 0;
  return isAddress && /^[^\s<>"]+$/.test(address) && fitsTemplate(address) ? address : undefined;
}

/** E.164 with the plus sign. */
export function numberOf(text: string): string | undefined {
  const number = text.startsWith("+") ? text : `+${text}`;
  return isE164(number) ? number : undefined;
}
