import type { Endpoint } from "./endpoint/endpoint.ts";
import type { Mixer } from "./mixer.ts";

/** Rates at which voices are mixed. */
const narrowHz = 8000;
const wideHz = 16_000;
const fullHz = 48_000;

/**
 * Decides for each endpoint of a call how its peer gets what the plans say it hears, all at once: packets of one other side pass as they come where that is the
 * same; everything else is mixed. Returns whether anybody is listened to.
 */
export function routes(endpoints: ReadonlyMap<string, Endpoint>, mixer: Mixer): boolean {
  const relays = new Map<Endpoint, Endpoint[]>();
  const speakers = new Map<Endpoint, Endpoint>();
  const talks = new Map<Endpoint, Endpoint[]>();
  const mixes: Endpoint[] = [];
  /** Who is recorded where its packets pass as they come, and at which rate. */
  const recorded = new Map<Endpoint, number>();
  for (const endpoint of endpoints.values()) {
    const only = onlyVoice(endpoint, endpoints);
    if (only !== undefined && isRelayed(endpoint, only)) {
      speakers.set(endpoint, only);
      put(relays, only, endpoint);
      const rateHz = endpoint.recordsBothAtHz;
      if (rateHz !== undefined) recorded.set(only, rateHz);
    } else if (endpoint.plan.source.kind === "mix") {
      mixes.push(endpoint);
      if (only !== undefined) put(talks, only, endpoint);
    }
  }
  const heard = mixer.arrange(endpoints, mixes);
  mixer.rateHz = rateOf(mixes, endpoints);
  let isHeard = false;
  for (const endpoint of endpoints.values()) {
    const rateHz = heard.has(endpoint) ? mixer.rateHz : recorded.get(endpoint);
    endpoint.route(speakers.get(endpoint), relays.get(endpoint), talks.get(endpoint), rateHz, beeperFor(endpoint, endpoints));
    if (endpoint.hearing !== undefined) isHeard = true;
  }
  return isHeard;
}

/** The one other side that `listener` hears; undefined when there are none or several. */
function onlyVoice(listener: Endpoint, endpoints: ReadonlyMap<string, Endpoint>): Endpoint | undefined {
  const { source } = listener.plan;
  if (source.kind === "relay") return endpoints.get(source.endpointId);
  if (source.kind !== "mix") return undefined;
  const voices = source.endpointIds.flatMap((id) => endpoints.get(id) ?? []).filter((voice) => voice !== listener);
  const [only, ...others] = new Set(voices);
  return others.length === 0 ? only : undefined;
}

/** Whether `listener` gets the packets of the peer of `only` as they come. */
function isRelayed(listener: Endpoint, only: Endpoint): boolean {
  const { source } = listener.plan;
  if (source.kind !== "mix") return true;
  if ((source.gainsDb?.[only.plan.endpointId] ?? 0) !== 0 || listener.beeping !== undefined || only.beeping !== undefined) return false;
  return listener.passageFrom(only) !== undefined;
}

/** Of those that `listener` hears, one whose recording begins: both hear its beep. */
function beeperFor({ plan: { source } }: Endpoint, endpoints: ReadonlyMap<string, Endpoint>): Endpoint | undefined {
  if (source.kind !== "mix") return undefined;
  const beeping = source.endpointIds.find((id) => endpoints.get(id)?.beeping !== undefined);
  return beeping === undefined ? undefined : endpoints.get(beeping);
}

function put(lists: Map<Endpoint, Endpoint[]>, key: Endpoint, value: Endpoint): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** The best that a listener and somebody whom it hears both can: nothing is gained by more. */
function rateOf(listeners: readonly Endpoint[], endpoints: ReadonlyMap<string, Endpoint>): number {
  let rateHz = narrowHz;
  for (const listener of listeners) {
    const { source } = listener.plan;
    if (source.kind !== "mix" || ownRateOf(listener) <= rateHz) continue;
    const heardHz = source.endpointIds.reduce(
      (best, id) => Math.max(best, id === listener.plan.endpointId ? 0 : ownRateOf(endpoints.get(id))),
      0,
    );
    rateHz = Math.max(rateHz, Math.min(ownRateOf(listener), heardHz));
  }
  return rateHz <= narrowHz ? narrowHz : rateHz <= wideHz ? wideHz : fullHz;
}

function ownRateOf(endpoint: Endpoint | undefined): number {
  return endpoint?.codec?.sampleRatesHz[0] ?? 0;
}
