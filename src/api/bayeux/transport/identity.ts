/** Who sends: the login, and the browser by its cookie BAYEUX_BROWSER (Bayeux 1.0 §8.1). */
import type { IncomingHttpHeaders } from "node:http";
import { unescape } from "node:querystring";
import { CallwrightError, type Ids } from "../../../kernel/index.ts";
import type { Sender, Subject } from "../client/client.ts";

/** What a request shows of its sender. */
export type Shown = {
  readonly headers: IncomingHttpHeaders;
  readonly cookies: Readonly<Record<string, string | undefined>>;
  readonly address: string;
};

/** Undefined when nobody is signed in; a refusal means the same, and with category `limit` only for now. */
export type Authenticate = (shown: Shown) => Promise<Subject | undefined>;

const cookieName = "BAYEUX_BROWSER";
const busyMs = 10_000;

export async function senderOf(headers: IncomingHttpHeaders, address: string, authenticate: Authenticate, ids: Ids): Promise<Sender> {
  const cookies = cookiesOf(headers.cookie ?? "");
  const given = cookies[cookieName];
  const browser =
    given !== undefined && /^[0-9a-f]{32}$/.test(given)
      ? { browserId: given, isBrowserKnown: true }
      : { browserId: ids.random(16), isBrowserKnown: false };
  try {
    return { ...browser, subject: await authenticate({ headers, cookies, address }) };
  } catch (error) {
    if (!(error instanceof CallwrightError)) throw error;
    const { retryAfterS } = error.details;
    const waitMs = typeof retryAfterS === "number" ? retryAfterS * 1000 : busyMs;
    return { ...browser, subject: undefined, retryAfterMs: error.category === "limit" ? waitMs : undefined };
  }
}

/** Value of Set-Cookie for a browser that has none yet. */
export function browserCookie({ browserId }: Sender, isSecure: boolean): string {
  return `${cookieName}=${browserId}; Path=/; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}`;
}

/** RFC 6265 §5.4, read here because an upgrade passes no plugin. Of two with one name the first counts. */
function cookiesOf(header: string): Readonly<Record<string, string | undefined>> {
  const pairs = header.split(";").map((pair) => {
    const [name = "", ...value] = pair.split("=");
    return [name.trim(), unescape(value.join("=").trim().replaceAll('"', ""))] as const;
  });
  return Object.fromEntries(pairs.toReversed());
}
