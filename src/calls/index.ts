export type { CallCommand, Calls, Detection, Dial, GivenFlow, Originate } from "./calls.ts";
export { callErrors, callRefusal } from "./errors.ts";
export type { CallEvent, CallEventKind, EventOf } from "./events.ts";
export { evolve } from "./evolve/evolve.ts";
export type { AppendOptions, Journal, JournalRecord, OutboxItem, RecordDraft, StreamPart } from "./journal-port.ts";
export { LiveCalls } from "./live-calls.ts";
export { LiveViews } from "./live-views.ts";
export {
  type Call,
  type Gathered,
  type GatherOrder,
  type Json,
  type Leg,
  type LegQuality,
  type Outcome,
  type Party,
  type Recording,
  type ScriptPin,
  type ScriptState,
  type ScriptWait,
  type Seat,
} from "./model.ts";
export type { PlayedItem } from "./talk-commands.ts";
export { positionOf, shownDiversions } from "./parts.ts";
export { anonymous } from "./presentation.ts";
export type { HttpRequest, HttpRequester, HttpResult } from "./ports.ts";
export { IncomingMessages } from "./messages/incoming-messages.ts";
export { type MessageSender, Messages } from "./messages/messages.ts";
export type { CallStep } from "./outbox.ts";
export { replay } from "./recovery.ts";
export { Routing } from "./routing.ts";
export type { Script, ScriptAction, ScriptContext, ScriptEvent, ScriptLibrary, ScriptReplacement, ScriptStep } from "./script.ts";
export { ssrcsOf } from "./plans/ssrc.ts";
export { legCapabilities } from "./signaling/capabilities.ts";
export { TrunkCredentials } from "./signaling/credentials.ts";
export { PhoneSignIn } from "./signaling/phone-sign-in.ts";
export { noMailboxes } from "./watching/availability.ts";
export { Watching } from "./watching/watching.ts";
export { Incoming } from "./signaling/incoming.ts";
export type { SessionsFor } from "./signaling/session.ts";
export { SipSignaling } from "./signaling/sip-signaling.ts";
export { type CallTrace, CallTraces, type Traces } from "./trace/call-traces.ts";
export { KeptTraces } from "./trace/kept-traces.ts";
export type { LegMessage } from "./trace/leg-messages.ts";
export type {
  CallArchive,
  CallChange,
  CallEventEnvelope,
  CallFilter,
  CallHistory,
  CallList,
  CallPage,
  EventSubscription,
  LiveSignal,
  ShippedRecord,
  ShippingBatch,
  Views,
} from "./views.ts";
