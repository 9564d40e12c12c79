/** Requests of our own phones: each is from a phone that proved itself by digest, or it is challenged or refused. */
import type { Directory, Phone } from "../../directory/index.ts";
import type { BareAnswer, Challenger, SipRequest } from "../../sip/index.ts";

export type SignedIn = { readonly ok: true; readonly phone: Phone } | { readonly ok: false; readonly answer: BareAnswer };

export class PhoneSignIn {
  readonly #challenger: Challenger;
  readonly #directory: Directory;

  constructor(challenger: Challenger, directory: Directory) {
    this.#challenger = challenger;
    this.#directory = directory;
  }

  /** Whoever has heard no challenge of ours gets one, and nothing of the request is kept. */
  screen(request: SipRequest): BareAnswer | undefined {
    return this.#challenger.isAnswered(request) ? undefined : this.#challenge(request, false);
  }

  /** Once for each request: what it is signed with is used up by it. */
  verify(request: SipRequest): SignedIn {
    const username = this.#challenger.claimedUsername(request);
    const phone = username === undefined ? undefined : this.#directory.phones.byUsername(username);
    const result = this.#challenger.verify(request, phone && { phone, ha1: { md5: phone.ha1Md5, sha256: phone.ha1Sha256 } });
    if (result.kind === "accepted") return { ok: true, phone: result.user.phone };
    return { ok: false, answer: result.kind === "wrong" ? { status: 403 } : this.#challenge(request, result.kind === "stale") };
  }

  #challenge(request: SipRequest, isStale: boolean): BareAnswer {
    return { status: this.#challenger.status, headers: this.#challenger.challenge(request, isStale) };
  }
}
