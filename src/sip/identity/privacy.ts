/** What a caller wants withheld: RFC 3323 §4.2, with `id` of RFC 3325 §9.3 and `history` of RFC 7044 §10.1. */
import type { HeaderList } from "../message/header-list.ts";

export type Privacy = {
  /** By `id` or `user`: whoever is called is not told who calls. */
  readonly isAnonymous: boolean;
  /** By `none`: nothing is withheld, whatever a network would do by itself. */
  readonly isOpen: boolean;
  /** By `critical` with something that is asked for and that we do not know: the call must not go on (RFC 3323 §5). */
  readonly isUnmet: boolean;
};

/** `header` and `session` are met by every call that passes here: the other side sees our addresses alone. */
const known: ReadonlySet<string> = new Set(["id", "user", "header", "session", "history", "none", "critical"]);

const none: Privacy = { isAnonymous: false, isOpen: false, isUnmet: false };

export function privacyOf(headers: HeaderList): Privacy {
  if (!headers.has("Privacy")) return none;
  const values = new Set(
    headers.all("Privacy").flatMap((line) =>
      line
        .split(/[;,]/)
        .map((value) => value.trim().toLowerCase())
        .filter((value) => value !== ""),
    ),
  );
  return {
    isAnonymous: values.has("id") || values.has("user"),
    isOpen: values.has("none"),
    isUnmet: values.has("critical") && [...values].some((value) => !known.has(value)),
  };
}
