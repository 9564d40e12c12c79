export { recordingErrors, recordingRefusal } from "./errors.ts";
export { Finishing } from "./finishing.ts";
export { partFile, recordingKey } from "./places.ts";
export type {
  Finish,
  RecordingFilter,
  RecordingPage,
  RecordingState,
  RecordingStore,
  StoredRecording,
  UnfinishedRecording,
} from "./recording-store.ts";
export { type Recordings, StoredRecordings } from "./recordings.ts";
export { RecordingRetention } from "./retention.ts";
