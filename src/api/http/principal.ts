import type { Role } from "../../directory/index.ts";

/** Who is asking. */
export type Principal = {
  readonly userId: string;
  readonly accountId: string;
  readonly roles: readonly Role[];
  readonly via: "basic" | "cookie" | "key" | "token";
};

export function hasRole(principal: Principal, ...roles: readonly Role[]): boolean {
  return roles.some((role) => principal.roles.includes(role));
}
