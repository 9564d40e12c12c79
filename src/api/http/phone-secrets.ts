import { ha1Of } from "../../sip/index.ts";

/** The realm in which phones authenticate; part of each stored secret, so it can never change. */
export const phoneRealm = "callwright";

/** What is kept of a phone's password: H(username:realm:password) (RFC 7616 §3.4.2). */
export function phoneSecrets(phone: { readonly username: string; readonly password: string }) {
  const { md5, sha256 } = ha1Of(phone.username, phoneRealm, phone.password);
  return { ha1Md5: md5, ha1Sha256: sha256 };
}
