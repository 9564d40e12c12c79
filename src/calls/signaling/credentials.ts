/** Digest credentials of trunks for the requests of their legs. Everything in an answer to a challenge is derived, so that it can be made again. */
import { derive } from "../../kernel/index.ts";
import type { Directory } from "../../directory/index.ts";
import { type Authorize, authorize, type HeaderPair, HeaderList, type SipResponse } from "../../sip/index.ts";
import type { Leg } from "../model.ts";

type Account = { readonly username: string; readonly password: string };
type Signed = { readonly method: string; readonly uri: string };

export class TrunkCredentials {
  readonly #directory: Directory;
  readonly #secret: Uint8Array;

  constructor(directory: Directory, secret: Uint8Array) {
    this.#directory = directory;
    this.#secret = secret;
  }

  has(accountId: string, leg: Leg): boolean {
    return this.#of(accountId, leg) !== undefined;
  }

  /** The answer to a journaled challenge of the leg's INVITE. */
  forInvite(accountId: string, leg: Leg, challenge: NonNullable<Leg["challenge"]>, request: Signed): HeaderPair | undefined {
    const headers = new HeaderList();
    for (const value of challenge.values) headers.append(challenge.header, value);
    const status = challenge.header === "WWW-Authenticate" ? 401 : 407;
    return this.#answer(
      accountId,
      leg,
      { kind: "response", status, reason: "", headers, body: new Uint8Array() },
      request,
      `invite ${leg.attempt}`,
    );
  }

  /** Answers challenges to requests inside the dialog; undefined when the leg has no credentials. */
  inDialog(accountId: string, leg: Leg): Authorize | undefined {
    if (this.#of(accountId, leg) === undefined) return undefined;
    let count = 0;
    return (challenge, request) => this.#answer(accountId, leg, challenge, request, `dialog ${++count}`);
  }

  #answer(accountId: string, leg: Leg, challenge: SipResponse, { method, uri }: Signed, purpose: string): HeaderPair | undefined {
    const account = this.#of(accountId, leg);
    if (account === undefined) return undefined;
    const cnonce = derive(this.#secret, 8, leg.id, "cnonce", purpose);
    return authorize(challenge, { username: account.username, secret: { password: account.password }, method, uri, cnonce, count: 1 });
  }

  #of(accountId: string, leg: Leg): Account | undefined {
    const trunk = leg.route.trunkId === undefined ? undefined : this.#directory.trunks.get(accountId, leg.route.trunkId);
    return trunk?.username !== null && trunk?.password !== null && trunk !== undefined
      ? { username: trunk.username, password: trunk.password }
      : undefined;
  }
}
