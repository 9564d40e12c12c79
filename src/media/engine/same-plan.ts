import { isDeepStrictEqual } from "node:util";
import type { EndpointPlan, MediaPlan } from "../plan.ts";

/**
 * True when a worker that carries out `known` has nothing else to do by `next`. Where a stream goes on after a restart only matters to an endpoint that
 * begins. Of the five plans of a plain call three are the same as the one before; posting them cost 31 µs a call.
 */
export function isSamePlan(known: MediaPlan, next: MediaPlan): boolean {
  return (
    known.endpoints.length === next.endpoints.length &&
    next.endpoints.every((endpoint, index) => {
      const other = known.endpoints[index];
      return other !== undefined && isSameEndpoint(other, endpoint);
    })
  );
}

function isSameEndpoint(known: EndpointPlan, next: EndpointPlan): boolean {
  const [one, other] = [known as Partial<Record<string, unknown>>, next as Partial<Record<string, unknown>>];
  for (const key in one) if (!onlyAtStart.has(key) && !(key in other)) return false;
  for (const key in other) {
    if (onlyAtStart.has(key) || one[key] === other[key]) continue;
    if (!isDeepStrictEqual(one[key], other[key])) return false;
  }
  return true;
}

const onlyAtStart: ReadonlySet<string> = new Set(["resume", "lockedTo"] satisfies (keyof EndpointPlan)[]);
