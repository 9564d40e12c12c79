/** What one subscription is told: the body of its next NOTIFY, and whether something is new to it. */
import {
  type Body,
  dialogInfoType,
  formatDialogInfo,
  formatMessageSummary,
  formatPresenceInfo,
  isWanted,
  type MailboxCounts,
  messageSummaryType,
  parseDialogFilter,
  presenceInfoType,
  type WatchedDialog,
} from "../../sip/index.ts";
import { DialogDocuments } from "./dialog-documents.ts";
import type { WatchedSubject } from "./subjects.ts";

export type Telling = {
  /** Taken as told: called once for each NOTIFY. */
  body(): Body;
  isNews(ended: readonly WatchedDialog[]): boolean;
  /** The subscriber wants all there is again. */
  refresh(): void;
};

/** `event` is the header field, which may ask for one dialog only. `targetOf` says where requests for a dialog go. */
export function dialogTelling(subject: WatchedSubject, event: string | undefined, targetOf: (dialogId: string) => string): Telling {
  const filter = parseDialogFilter(event);
  const documents = new DialogDocuments();
  const wanted = () => subject.dialogs().filter((dialog) => isWanted(filter, dialog));
  const reachable = (dialog: WatchedDialog): WatchedDialog =>
    dialog.state === "terminated" ? dialog : { ...dialog, remote: { ...dialog.remote, target: targetOf(dialog.id) } };
  return {
    body() {
      const { dialogs, ...document } = documents.next(wanted());
      const content = formatDialogInfo({ ...document, entity: subject.entity, dialogs: dialogs.map(reachable) });
      return { contentType: dialogInfoType, content };
    },
    isNews(ended) {
      documents.ended(ended);
      return documents.isNews(wanted());
    },
    refresh: () => documents.refresh(),
  };
}

export function presenceTelling(subject: WatchedSubject): Telling {
  let told = "";
  const now = () => formatPresenceInfo({ entity: subject.entity, ...subject.availability() });
  return {
    body: () => ({ contentType: presenceInfoType, content: (told = now()) }),
    isNews: () => now() !== told,
    refresh: () => undefined,
  };
}

export function mailboxTelling(account: string, counts: () => MailboxCounts): Telling {
  let told = "";
  const now = () => formatMessageSummary(account, counts());
  return {
    body: () => ({ contentType: messageSummaryType, content: (told = now()) }),
    isNews: () => now() !== told,
    refresh: () => undefined,
  };
}
