/** The signed-in user, and what the user's roles open. */
import type { Role, User } from "../../../../directory/index.ts";
import { statusRefusal } from "../error.ts";
import { vendorIdOf } from "../ids.ts";

export type Feature = "api-voice";

const vendorRoles: Readonly<Record<Role, string>> = { administrator: "ROLE_ADMIN", manager: "ROLE_SUPERVISOR", user: "ROLE_AGENT" };

const featuresOf: Readonly<Record<Role, readonly Feature[]>> = { administrator: [], manager: ["api-voice"], user: ["api-voice"] };

/** Throws 5. */
export function requireFeature(feature: Feature, roles: readonly Role[]): void {
  if (!roles.some((role) => featuresOf[role].includes(feature))) {
    throw statusRefusal(5, `This needs the feature '${feature}', which your roles do not have.`);
  }
}

export function viewOfUser(user: User, apiUrl: string) {
  const id = vendorIdOf(user.id);
  return {
    id,
    userName: user.email,
    firstName: user.firstName,
    lastName: user.lastName,
    emailAddress: user.email,
    roles: user.roles.map((role) => vendorRoles[role]),
    enabled: true,
    changePasswordOnFirstLogin: false,
    contactCenterId: vendorIdOf(user.accountId),
    uri: `${apiUrl}/users/${id}`,
    path: `/users/${id}`,
  };
}

export function viewOfFeatures(roles: readonly Role[], apiUrl: string) {
  return [...new Set(roles.flatMap((role) => featuresOf[role]))].map((id) => ({
    id,
    displayName: "Voice API",
    description: "Calls, devices and agent states",
    autoAssignOnContactCenterCreate: true,
    uri: `${apiUrl}/features/${id}`,
    path: `/features/${id}`,
  }));
}
