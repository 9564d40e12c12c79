import { performance } from "node:perf_hooks";

/** Says, at each call, which share of the time since the call before its thread was busy with something else than waiting: 0 to 1. */
export function threadLoad(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}
