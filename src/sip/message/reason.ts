/** The Reason header field, RFC 3326: why a request was sent, `Q.850;cause=16;text="Normal call clearing"`. */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import { wholeNumber } from "./cseq.ts";
import { isToken } from "./header-name.ts";
import { parseParams, quoted } from "./params.ts";

export type Reason = {
  /** `SIP`, `Q.850` or another one as written. */
  readonly protocol: string;
  readonly cause?: number | undefined;
  readonly text?: string | undefined;
};

/** One value: several protocols may stand side by side, so take them with `headers.all("Reason")`. */
export function parseReason(value: string): Parsed<Reason> {
  const semicolon = value.indexOf(";");
  const protocol = (semicolon < 0 ? value : value.slice(0, semicolon)).trim();
  if (!isToken(protocol)) return unparsed("protocol");
  const params = parseParams(semicolon < 0 ? "" : value.slice(semicolon + 1));
  return parsed({ protocol, cause: wholeNumber(params.get("cause")), text: params.get("text") });
}

export function formatReason(reason: Reason): string {
  const cause = reason.cause === undefined ? "" : `;cause=${reason.cause}`;
  return `${reason.protocol}${cause}${reason.text === undefined ? "" : `;text=${quoted(reason.text)}`}`;
}
