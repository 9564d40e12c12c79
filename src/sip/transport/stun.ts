/**
 * Binding requests on the SIP port, so that a phone behind NAT can keep its binding open and see when it changes: RFC 5626 §4.4.2
 * with the messages of RFC 8489.
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   |0 0|     STUN Message Type     |         Message Length        |
 *   |                         Magic Cookie                          |
 *   |                Transaction ID (96 bits) ...                   |
 */

const headerBytes = 20;
const magicCookie = 0x2112a442;
const bindingRequest = 0x0001;
const bindingSuccess = 0x0101;
const bindingError = 0x0111;
const xorMappedAddress = 0x0020;
const errorCode = 0x0009;
const unknownAttributes = 0x000a;
/** Attributes below this must be understood (§14). */
const optionalFrom = 0x8000;
/** A request lists at most so many unknown attributes back. */
const maxUnknown = 8;

/** No SIP message begins so: RFC 8489 §5, the first two bits are zero. Binding requests are below 4. */
export function looksLikeStun(bytes: Uint8Array): boolean {
  return (bytes[0] ?? 255) < 4;
}

/** The answer to a binding request that came from there; undefined for anything else. */
export function answerBinding(bytes: Uint8Array, address: string, port: number): Buffer | undefined {
  const request = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (request.length < headerBytes || request.readUInt16BE(0) !== bindingRequest || request.readUInt32BE(4) !== magicCookie)
    return undefined;
  const unknown = attributesNotUnderstood(request);
  if (unknown === undefined) return undefined;
  const transaction = request.subarray(4, headerBytes);
  return unknown.length > 0 ? refusal(transaction, unknown) : success(transaction, address, port);
}

/** Types of attributes that we would have to know; undefined when the message is malformed. A binding needs none at all. */
function attributesNotUnderstood(request: Buffer): readonly number[] | undefined {
  if (request.readUInt16BE(2) !== request.length - headerBytes || request.length % 4 !== 0) return undefined;
  const unknown: number[] = [];
  for (let at = headerBytes; at < request.length; ) {
    const type = request.readUInt16BE(at);
    if (type < optionalFrom && unknown.length < maxUnknown) unknown.push(type);
    at += 4 + ((request.readUInt16BE(at + 2) + 3) & ~3);
    if (at > request.length) return undefined;
  }
  return unknown;
}

/** §14.2: address and port, XORed with cookie and transaction so that no router rewrites them. */
function success(transaction: Buffer, address: string, port: number): Buffer {
  const addressBytes = bytesOf(address);
  const answer = begun(bindingSuccess, transaction, 8 + addressBytes.length);
  answer.writeUInt16BE(xorMappedAddress, 20);
  answer.writeUInt16BE(4 + addressBytes.length, 22);
  answer.writeUInt8(addressBytes.length === 4 ? 1 : 2, 25);
  answer.writeUInt16BE(port ^ (magicCookie >>> 16), 26);
  addressBytes.forEach((byte, index) => answer.writeUInt8(byte ^ (transaction[index] ?? 0), 28 + index));
  return answer;
}

/** §6.3.1.1: 420 with the attributes in question. */
function refusal(transaction: Buffer, unknown: readonly number[]): Buffer {
  const listBytes = unknown.length * 2;
  const answer = begun(bindingError, transaction, 8 + 4 + ((listBytes + 3) & ~3));
  answer.writeUInt16BE(errorCode, 20);
  answer.writeUInt16BE(4, 22);
  answer.writeUInt8(4, 26);
  answer.writeUInt8(20, 27);
  answer.writeUInt16BE(unknownAttributes, 28);
  answer.writeUInt16BE(listBytes, 30);
  unknown.forEach((type, index) => answer.writeUInt16BE(type, 32 + 2 * index));
  return answer;
}

function begun(type: number, transaction: Buffer, attributeBytes: number): Buffer {
  const answer = Buffer.alloc(headerBytes + attributeBytes);
  answer.writeUInt16BE(type, 0);
  answer.writeUInt16BE(attributeBytes, 2);
  transaction.copy(answer, 4);
  return answer;
}

/** Of an address as the system writes it. */
function bytesOf(address: string): readonly number[] {
  if (!address.includes(":")) return address.split(".").map(Number);
  const [front = "", back] = (address.split("%")[0] ?? "").split("::");
  const [first, last] = [groupsOf(front), groupsOf(back ?? "")];
  const all = back === undefined ? first : [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last];
  return all.flatMap((group) => [group >> 8, group & 0xff]);
}

function groupsOf(text: string): readonly number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}
