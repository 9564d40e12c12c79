/** Whether a certificate belongs to the host we meant to reach, RFC 5922 §7. */
import { checkServerIdentity, type PeerCertificate } from "node:tls";

/**
 * What is wrong, or undefined. `name` is a host name, or the address when it was not reached by name. Any `sip:` URI among the alternative
 * names decides alone (§7.1); then DNS names and addresses count.
 * Deviation: `*.example.com` stands for one label although §7.2 forbids wildcards: large carriers have nothing else.
 */
export function identityError(name: string, certificate: PeerCertificate): Error | undefined {
  const domains = sipDomains(certificate.subjectaltname ?? "");
  if (domains.length === 0) return checkServerIdentity(name, certificate);
  if (domains.includes(name.toLowerCase())) return undefined;
  return new Error(`the certificate is for ${domains.join(", ")} and not for ${name}`);
}

/** Hosts of `sip:` URIs without user, such as `URI:sip:example.com` (§7.1: one with a user names a person, not a domain). */
function sipDomains(alternativeNames: string): readonly string[] {
  return alternativeNames.split(", ").flatMap((entry) => /^URI:sip:([^@;?:]+)$/i.exec(entry)?.[1]?.toLowerCase() ?? []);
}
