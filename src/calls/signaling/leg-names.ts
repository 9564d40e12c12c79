/** What a leg is called on the wire: derived from its id, so that the same comes out whenever it is asked for. */
import { derive } from "../../kernel/index.ts";

/** Our tag, and the Call-ID when it is us who invite. */
export function invitedBy(secret: Uint8Array, legId: string): { readonly callId: string; readonly localTag: string } {
  return { callId: derive(secret, 16, legId, "call-id"), localTag: derive(secret, 8, legId, "tag") };
}
