export { createMediaEngine } from "./engine/engine.ts";
export { createInProcessMedia } from "./engine/in-process.ts";
export {
  type AnsweredBy,
  type CodecName,
  type EndpointPlan,
  type MediaEngine,
  type MediaEvent,
  type MediaEventHandler,
  type MediaPlan,
  noMedia,
  type PromptItem,
  type PromptSource,
  type RecordingPlan,
  type SocketAddress,
  type Source,
  type StreamPosition,
} from "./plan.ts";
export { createPromptLibrary } from "./prompts/prompt-library.ts";
