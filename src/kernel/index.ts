export { BatchPace } from "./batch-pace.ts";
export { type Clock, sleep, systemClock, type Timer } from "./clock.ts";
export {
  CallwrightError,
  type ErrorDetails,
  type ErrorRegistry,
  type Parsed,
  parsed,
  refusals,
  unparsed,
} from "./errors.ts";
export { sweepTimers, type TimerSweep } from "./timer-sweep.ts";
export { derive, idOfUuid, type Ids, isId, systemIds, uuidOf } from "./ids.ts";
export { jsonLogger, type Logger, type LogLevel, logLevels, silentLogger } from "./logger.ts";
export { canonicalAddress } from "./ip-address.ts";
export { threadLoad } from "./thread-load.ts";
export { type CodecName, codecNames } from "./codec-name.ts";
