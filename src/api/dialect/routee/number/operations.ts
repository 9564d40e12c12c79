/** The account's own numbers, as far as they take calls. */
import type { PhoneNumber } from "../../../../directory/index.ts";
import { validateFlow } from "../../../../flows/index.ts";
import { uuidOf } from "../../../../kernel/index.ts";
import { unknownRefusal, validationRefusal } from "../error.ts";
import type { Grant } from "../login/tokens.ts";
import type { RouteeContext } from "../options.ts";
import { numberOf, sipAddressOf } from "../plan/read.ts";
import { Members, Mistakes } from "../request.ts";
import { compileInbound, type Inbound, inboundOf, type InboundStrategy } from "./inbound.ts";

/** Throws API_RESOURCE_UNKNOWN. `msisdn` may lack its plus sign. */
export function findNumber(msisdn: string, { accountId }: Grant, { directory }: RouteeContext): PhoneNumber {
  const number = directory.numbers.byNumber(numberOf(msisdn) ?? msisdn);
  if (number === undefined || number.accountId !== accountId) throw unknownRefusal("number", "msisdn", msisdn);
  return number;
}

export function viewOfNumber(number: PhoneNumber, { directory }: RouteeContext) {
  const { voiceInboundStrategy, inboundVoiceCallbackUrl } = inboundOf(number, directory) ?? {};
  return {
    trackingId: uuidOf(number.id),
    msisdn: number.number,
    services: ["Voice"],
    ...(voiceInboundStrategy && { voiceInboundStrategy }),
    ...(inboundVoiceCallbackUrl !== undefined && { inboundVoiceCallbackUrl }),
  };
}

/** What is left out stays as it is. Throws API_MEMBER_INVALID, API_RESOURCE_UNKNOWN, DIRECTORY_UNAVAILABLE. */
export async function updateNumber(msisdn: string, body: unknown, grant: Grant, context: RouteeContext) {
  const { directory, ids, clock } = context;
  const number = findNumber(msisdn, grant, context);
  const former = inboundOf(number, directory);
  const document = compileInbound({ ...former, ...readInbound(body) });
  const checked = validateFlow(document);
  const now = clock.now();
  const known = former && number.flowId !== null ? directory.flows.get(number.accountId, number.flowId) : undefined;
  const flow = {
    ...(known ?? { id: ids.next(), accountId: number.accountId, createdAt: now, name: `Calls to ${number.number}` }),
    updatedAt: now,
    version: (known?.version ?? 0) + 1,
    hash: checked.ok ? checked.hash : "",
    document,
  };
  if (known !== undefined) await directory.flows.update(flow);
  else {
    await directory.flows.insert(flow);
    await directory.numbers.update({ ...number, flowId: flow.id, updatedAt: now });
  }
  return viewOfNumber(findNumber(msisdn, grant, context), context);
}

function readInbound(body: unknown): Inbound {
  const mistakes = new Mistakes();
  const members = Members.of(body, "", mistakes);
  const strategy = members?.object("voiceInboundStrategy");
  const voiceInboundStrategy = strategy && readStrategy(strategy, members);
  const inboundVoiceCallbackUrl = members?.url("inboundVoiceCallbackUrl");
  if (members?.has("inboundSmsCallbackUrl") === true) members.note("inboundSmsCallbackUrl", "numbers here take calls only");
  if (mistakes.any) throw validationRefusal("Number", mistakes);
  return {
    ...(voiceInboundStrategy && { voiceInboundStrategy }),
    ...(inboundVoiceCallbackUrl !== undefined && { inboundVoiceCallbackUrl }),
  };
}

const strategies = ["dialplanUrl", "forwardCallTo", "forwardCallToSip"] as const;

function readStrategy(strategy: Members, members: Members | undefined): InboundStrategy | undefined {
  const [kind, ...others] = strategies.filter((name) => strategy.has(name));
  if (kind === undefined || others.length > 0)
    return members?.note("voiceInboundStrategy", `must have exactly one of ${strategies.join(", ")}`);
  if (kind === "dialplanUrl") {
    const dialplanUrl = strategy.url(kind);
    return dialplanUrl === undefined ? undefined : { dialplanUrl };
  }
  const text = strategy.text(kind, 250)?.trim();
  if (text === undefined) return undefined;
  if (kind === "forwardCallTo") {
    const forwardCallTo = numberOf(text);
    return forwardCallTo === undefined ? strategy.note(kind, "must be a number in E.164 form") : { forwardCallTo };
  }
  const forwardCallToSip = sipAddressOf(text);
  return forwardCallToSip === undefined ? strategy.note(kind, "must be a SIP address") : { forwardCallToSip };
}
