/** JSON shapes that every part of the native API shares. */

export type List<T> = { readonly items: readonly T[]; readonly nextCursor: string | null };

/** application/problem+json (RFC 9457). */
export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  /** Stable; listed in the reference of errors. */
  readonly code: string;
  readonly detail: string;
  /** Where the request is wrong: paths such as `phone.username` in the body or the query. */
  readonly errors?: readonly Mistake[];
  readonly requestId: string;
};

export type Mistake = { readonly path: string; readonly message: string };
