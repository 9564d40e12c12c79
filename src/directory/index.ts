export type { Directory, Rows } from "./directory.ts";
export { directoryErrors, directoryRefusal } from "./errors.ts";
export { isE164 } from "./e164.ts";
export {
  type Account,
  type ApiKey,
  type Flow,
  type Login,
  type Phone,
  type PhoneNumber,
  type Role,
  roles,
  type Trunk,
  type User,
} from "./rows.ts";
