export { mediaErrors } from "./errors.ts";
export { createMediaEngine } from "./engine/engine.ts";
export { createInProcessMedia } from "./engine/in-process.ts";
export { createRecordingFinisher, type RecordingFinisher } from "./finishing/finisher-client.ts";
export { RecordedAudio } from "./sound/recorded-audio.ts";
export {
  type AnsweredBy,
  type CallProgressTone,
  callProgressTones,
  type CodecName,
  type EndpointCounters,
  type EndpointPlan,
  type MediaEngine,
  type MediaEvent,
  type MediaEventHandler,
  type MediaPlan,
  noMedia,
  type OpusPlan,
  type PromptItem,
  type PromptPlan,
  type PromptSource,
  type RecordingPlan,
  type SocketAddress,
  type Source,
  type StreamPosition,
} from "./plan.ts";
export { createPromptLibrary } from "./prompts/prompt-library.ts";
export { openSoundShelf, soundPath, type SoundShelf } from "./prompts/sound-shelf.ts";
