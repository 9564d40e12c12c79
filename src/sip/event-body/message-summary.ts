/** What waits in a mailbox: `application/simple-message-summary`, RFC 3842 §5.2. */
export const messageSummaryType = "application/simple-message-summary";

/** How many voice messages there are; the urgent ones are counted in the others too. */
export type MailboxCounts = { readonly new: number; readonly old: number; readonly urgentNew: number; readonly urgentOld: number };

export const emptyMailbox: MailboxCounts = { new: 0, old: 0, urgentNew: 0, urgentOld: 0 };

/** `account` is the URI to call for the messages. It is of our making, so it has no line ends. */
export function formatMessageSummary(account: string, counts: MailboxCounts): string {
  const waiting = counts.new > 0 ? "yes" : "no";
  const voice = `${counts.new}/${counts.old} (${counts.urgentNew}/${counts.urgentOld})`;
  return `Messages-Waiting: ${waiting}\r\nMessage-Account: ${account}\r\nVoice-Message: ${voice}\r\n`;
}
