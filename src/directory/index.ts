export type { Directory, Rows } from "./directory.ts";
export { directoryErrors, directoryRefusal } from "./errors.ts";
export { isE164 } from "./e164.ts";
export {
  type AccessToken,
  type Account,
  type ApiKey,
  type Application,
  type Flow,
  type Line,
  type Login,
  type Phone,
  type PhoneNumber,
  type Role,
  roles,
  type Sound,
  type Trunk,
  type User,
} from "./rows.ts";
export { diversionHeaders, identityHeaders, redirectChoices, type TrunkPolicy, usualTrunkPolicy } from "./trunk-policy.ts";
