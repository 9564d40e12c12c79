/** The messages of RFC 4475 and RFC 5118 as their appendices carry them (NOTICE says how they came here). */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../fixtures/sip");

export function tortureNames(rfc: "rfc4475" | "rfc5118"): string[] {
  return readdirSync(join(folder, rfc)).map((file) => file.replace(/\.dat$/, ""));
}

/** One message of RFC 4475, byte for byte. */
export function torture(name: string): Buffer {
  return readFileSync(join(folder, "rfc4475", `${name}.dat`));
}

/** One message of RFC 5118 as its archive has it: with bare line feeds, some without the empty line, some with a wrong Content-Length. */
export function ipv6TortureAsArchived(name: string): Buffer {
  return readFileSync(join(folder, "rfc5118", `${name}.dat`));
}

/** The same as the text of the RFC means it: CRLF, an empty line after the header fields, the Content-Length of the body that is there. */
export function ipv6Torture(name: string): Buffer {
  const [head = "", body = ""] = ipv6TortureAsArchived(name)
    .toString("latin1")
    .replaceAll("\n", "\r\n")
    .split(/\r\n\r\n(.*)/s);
  const fields = head.trimEnd().replace(/Content-Length: \d+/, `Content-Length: ${body.length}`);
  return Buffer.from(`${fields}\r\n\r\n${body}`, "latin1");
}
