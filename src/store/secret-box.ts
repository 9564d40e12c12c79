/** Secrets at rest: AES-256-GCM under a key derived from the data directory's. Layout: nonce (12 bytes), tag (16), ciphertext. */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject, randomBytes } from "node:crypto";

const nonceBytes = 12;
const tagBytes = 16;

export class SecretBox {
  readonly #key: KeyObject;

  /** `purpose` separates keys of different uses of one secret. */
  constructor(secret: Uint8Array, purpose: string) {
    this.#key = createSecretKey(new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(), purpose, 32)));
  }

  /** `owner` is bound in: what is sealed for one row cannot be opened in another. */
  seal(text: string, owner: string): Buffer {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce, { authTagLength: tagBytes }).setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  /** Undefined when it was sealed by another key or for another owner, or was changed. */
  open(sealed: Uint8Array, owner: string): string | undefined {
    if (sealed.length < nonceBytes + tagBytes) return undefined;
    const decipher = createDecipheriv("aes-256-gcm", this.#key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
      .setAAD(Buffer.from(owner))
      .setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]).toString("utf8");
    } catch {
      // The tag does not fit: Node has no narrower error for it.
      return undefined;
    }
  }
}
