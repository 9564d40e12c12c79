/** What happens when parties are handed over: REFER either way, a seat taken over, and parties that move from one call to another. */
import type { Leg, Outcome, Party, Recording, Seat } from "./model.ts";
import type { OwnRefer } from "./transfers.ts";

export type TransferEvent =
  /** The far end of the leg asked for a call by REFER, and was told 202. */
  | {
      readonly kind: "leg.referred";
      readonly at: number;
      readonly legId: string;
      readonly referId: string;
      readonly event: string;
      readonly notifies: boolean;
    }
  /** What it asked for has come this far: a SIP status. */
  | { readonly kind: "leg.referral-progressed"; readonly at: number; readonly legId: string; readonly status: number }
  /** Its last NOTIFY is over. */
  | { readonly kind: "leg.referral-told"; readonly legId: string }
  /** `partyId` hands `remainingId` to `targetId`. */
  | {
      readonly kind: "transfer.begun";
      readonly at: number;
      readonly transferId: string;
      readonly type: "blind" | "attended";
      readonly partyId: string;
      readonly legId: string;
      readonly remainingId: string;
      readonly targetId: string;
    }
  | {
      readonly kind: "transfer.ended";
      readonly at: number;
      readonly transferId: string;
      readonly partyId: string;
      readonly result: "completed" | "failed";
      readonly status: number;
    }
  /** In the streams of both calls, in one record: these parties with all that is theirs leave `from` and are in `to`. */
  | {
      readonly kind: "parties.moved";
      readonly at: number;
      readonly from: string;
      readonly to: string;
      /** Of `to`. */
      readonly bridgeId: string;
      readonly partyIds: readonly string[];
      readonly parties: readonly MovedParty[];
      /** With which they left `from`. */
      readonly outcome: Outcome;
    }
  /** `by` is in the place of `partyId`: with whom that one stood or fell, and who was dialled on its behalf. */
  | { readonly kind: "party.replaced"; readonly at: number; readonly partyId: string; readonly by: string }
  /** We ask the far end of the leg to call somebody else. */
  | {
      readonly kind: "refer.begun";
      readonly at: number;
      readonly partyId: string;
      readonly legId: string;
      readonly referId: string;
      readonly to: string;
      readonly by: OwnRefer["by"];
    }
  | { readonly kind: "refer.accepted"; readonly at: number; readonly legId: string; readonly referId: string }
  | {
      readonly kind: "refer.ended";
      readonly at: number;
      readonly partyId: string;
      readonly legId: string;
      readonly referId: string;
      readonly result: "completed" | "failed";
      readonly status: number;
    };

/** As they are in the call they come to. */
/** Before a party could have several recordings, it had one. */
type MovedPartyState = Party & { readonly recording?: Omit<Recording, "visitId" | "by"> };

export type MovedParty = { readonly party: MovedPartyState; readonly legs: readonly Leg[]; readonly seat: Seat };
