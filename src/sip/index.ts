export { authorize } from "./auth/authorization.ts";
export { Challenger } from "./auth/challenger.ts";
export { ha1Of } from "./auth/digest.ts";
export { digitTypes, formatInfoDigit, hasDigitType, parseInfoDigit } from "./body/info-digit.ts";
export { sessionBodyOf } from "./body/session-body.ts";
export { asksForSips, isSips } from "./dialog/sips.ts";
export type { DialogValues } from "./dialog/dialog.ts";
export type { AnswerParts, Authorize, Ending, EndReason, InviteEvents, InviteFailure } from "./dialog/invite-events.ts";
export type { InviteUsage } from "./dialog/invite-usage.ts";
export { callingPartyOf } from "./identity/calling-party.ts";
export { type Diversion, formatDiversion, parseDiversion } from "./identity/diversion.ts";
export { diversionsIn, formatHistory } from "./identity/history-info.ts";
export {
  type DialogEnd,
  dialogInfoType,
  formatDialogInfo,
  isWanted,
  parseDialogFilter,
  type WatchedDialog,
  type WatchedDialogState,
} from "./event-body/dialog-info.ts";
export { emptyMailbox, formatMessageSummary, type MailboxCounts, messageSummaryType } from "./event-body/message-summary.ts";
export { formatPresenceInfo, type PresenceInfo, presenceInfoType } from "./event-body/presence-info.ts";
export { type Body, responseTo } from "./message/builder.ts";
export { sizeOf } from "./message/format-message.ts";
export { keptHeaders, parseFreeHeaders, wrongWithName } from "./message/free-header.ts";
export { isToken } from "./message/header-name.ts";
export { HeaderList, type HeaderPair } from "./message/header-list.ts";
export type { SipRequest, SipResponse } from "./message/message.ts";
export { formatNameAddr, nameAddr, parseNameAddr } from "./message/name-addr.ts";
export { q850OfStatus } from "./message/q850.ts";
export { formatReason } from "./message/reason.ts";
export { reasonPhrase } from "./message/status.ts";
export { parseUri } from "./message/uri.ts";
export { type Located, Locator, type SipAddresses } from "./location/locator.ts";
export { openNameServer } from "./location/name-server.ts";
export { targetOf } from "./location/target.ts";
export type { Binding, BindingStore } from "./registration/binding.ts";
export type { BareAnswer } from "./request-checks.ts";
export { parseRefer, type ReferRequest } from "./refer/refer-request.ts";
export { formatReplaces, type Replaces, replacesOf } from "./refer/replaces.ts";
export { sipfragOf, statusOfSipfrag } from "./refer/sipfrag.ts";
export { Registrar } from "./registration/registrar.ts";
export { SipStack } from "./stack.ts";
export type { AskedSubscription } from "./subscription/event-package.ts";
export type { Notifier } from "./subscription/notifier.ts";
export type { Subscriber } from "./subscription/subscriber.ts";
export type { NonInviteServerTransaction } from "./transaction/non-invite-server.ts";
export type { InviteServerTransaction } from "./transaction/invite-server.ts";
export { openSipTransport, type SocketSipTransport } from "./transport/sip-transport.ts";
export { CertificateError } from "./transport/tls/certificates.ts";
export { HepExporter } from "./trace/hep-exporter.ts";
export { formatLadder } from "./trace/ladder.ts";
export { MessageTrace } from "./trace/message-trace.ts";
export { formatPcap } from "./trace/pcap.ts";
export { redacted } from "./trace/redaction.ts";
export { readTraced, repeatsOf, sidesOf, type TracedMessage } from "./trace/traced-message.ts";
export type { SipAddress, SipProtocol } from "./transport/transport.ts";
