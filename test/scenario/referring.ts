/** What phones do with REFER and Replaces. */
import { type InviteUsage, statusOfSipfrag } from "../../src/sip/index.ts";
import type { HeaderPair } from "../../src/sip/message/header-list.ts";
import { houseAddress } from "./scene.ts";

export type Referred = {
  /** Answers to REFER. */
  readonly answers: number[];
  /** What the NOTIFYs said. */
  readonly told: number[];
  /** How the subscription ended. */
  readonly ends: string[];
};

/** Asks the house to call somebody, as the phone that has this dialog; follows its NOTIFYs. */
export function refer(usage: InviteUsage, to: string, headers: readonly HeaderPair[] = []): Referred {
  const referred: Referred = { answers: [], told: [], ends: [] };
  const { requests } = usage;
  if (requests === undefined) throw new Error("there is no dialog");
  const subscriber = requests.subscriptions.subscriber(
    { event: { package: "refer" } },
    {
      notified: (body) => void referred.told.push(statusOfSipfrag(body) ?? 0),
      over: ({ reason, status }) => void referred.ends.push(reason ?? String(status)),
    },
  );
  requests.send("REFER", { headers: [["Refer-To", to], ["Referred-By", "<sip:ann@example.org>"], ...headers] }, (outcome) => {
    referred.answers.push(outcome.status);
    subscriber.answered(outcome);
  });
  return referred;
}

export function toExtension(number: string): string {
  return `<sip:${number}@${houseAddress}>`;
}

/** The Refer-To of an attended transfer: the other side of this phone's other call, with its dialog. */
export function replacing(usage: InviteUsage, number: string): string {
  return `<sip:${number}@${houseAddress}?Replaces=${encodeURIComponent(replacesOf(usage))}>`;
}

/** The dialog of this phone as the house knows it. */
export function replacesOf(usage: InviteUsage): string {
  const { dialog } = usage;
  return `${usage.callId};to-tag=${dialog?.remoteTag};from-tag=${usage.localTag}`;
}
