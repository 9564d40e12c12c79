/** The types with which people sign in. */
import { contract, flag, list, orderedContract, text, textsByName } from "../format/shape.ts";

export const authenticate = orderedContract("Authenticate", {
  provider: text,
  userName: text,
  password: text,
  rememberMe: flag,
});

export const authenticateResponse = orderedContract("AuthenticateResponse", {
  userId: text,
  sessionId: text,
  userName: text,
  displayName: text,
  referrerUrl: text,
  bearerToken: text,
  refreshToken: text,
  refreshTokenExpiry: text,
  profileUrl: text,
  roles: list(text),
  permissions: list(text),
  authProvider: text,
  // Answers with a status are ErrorResponse here, so this one is always absent.
  responseStatus: text,
  meta: textsByName,
});

const authentication = "Voice.Api.Authentication";

export const getAuthStatus = contract("GetAuthStatus", authentication, {});

export const userInfo = contract("UserInfo", authentication, {
  id: text,
  isAuthenticated: flag,
  firstName: text,
  lastName: text,
  name: text,
  avatarUrl: text,
  emailAddress: text,
  roles: list(text),
  accountIds: list(text),
  accountNames: list(text),
  // An enumeration that may be null, and we never know it.
  managerAccess: text,
  dashboardPermissions: list(text),
});
