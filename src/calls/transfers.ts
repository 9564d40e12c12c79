/** The parts of a call's state that are about handing parties over. */

/** Its party has asked for it by REFER, and stays until the target has answered. */
export type Transfer = {
  readonly transferId: string;
  /** The leg that the REFER came on. */
  readonly legId: string;
  /** The party that is handed over, and the one it is handed to. */
  readonly remainingId: string;
  readonly targetId: string;
};

/** The latest REFER of a leg's far end (RFC 3515): how far what it asked for has come. */
export type Referral = {
  readonly referId: string;
  /** Value of Event in its NOTIFYs (§2.4.6). */
  readonly event: string;
  /** False when nobody wants NOTIFYs (RFC 4488). */
  readonly notifies: boolean;
  /** Of the call it asked for; below 200 it is under way. */
  readonly status: number;
  /** The last NOTIFY was answered, or there is nobody any more to answer it. */
  readonly told: boolean;
};

/** A REFER of ours that hands a leg's far end to another URI. `script`: the flow goes on by it; otherwise the party leaves when it was taken. */
export type OwnRefer = {
  readonly referId: string;
  readonly to: string;
  readonly by: { readonly kind: "script" } | { readonly kind: "user"; readonly userId: string };
  readonly begunAt: number;
  /** 202 came. */
  readonly accepted: boolean;
};
