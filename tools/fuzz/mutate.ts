/** Changed and joined inputs. All choices come from `random`, so a seed gives the same run. */

/** What random bytes would hardly make: names, separators, and numbers at the edges of types. */
const words = [
  ..."INVITE ACK BYE CANCEL OPTIONS REGISTER UPDATE PRACK SIP/2.0 Via From To Call-ID CSeq Contact Route Record-Route Max-Forwards Require".split(
    " ",
  ),
  ..."Content-Length Content-Type Supported Expires Authorization Digest v f t i l m c k s SIP/2.0/UDP SIP/2.0/TCP branch=z9hG4bK".split(
    " ",
  ),
  ..."rport received= ;tag= ;lr ;maddr= ;transport=tcp ;expires= ;q=0.5 sip: sips: tel: [::1] 192.0.2.1 :5060 user@host %00 %41 %25 %zz".split(
    " ",
  ),
  ..."0 -1 65535 65536 2147483647 2147483648 4294967295 4294967296 99999999999999999999 1e9 0x10 v=0 o=- s=- c=IN m=audio a=rtpmap:".split(
    " ",
  ),
  ..."IN IP4 IP6 RTP/AVP sendrecv a=fmtp:101 a=ptime: realm= nonce= username= response= algorithm=MD5 qop=auth nc=00000001 cnonce=".split(
    " ",
  ),
  "\r\n",
  "\r\n\r\n",
  "\n",
  "\r",
  "\r\n ",
  "\r\n\t",
  " ",
  ":",
  ",",
  ";",
  "=",
  "?",
  "&",
  "@",
  "<",
  ">",
  '"',
  "\\",
  '\\"',
  "\\\0",
  "\0",
  "\u001e",
  "é",
  "\ufeff",
  "(",
  ")",
].map((word) => Buffer.from(word));

export type Random = (below: number) => number;

/** Xorshift, of 32 bits: the same everywhere. */
export function randomFrom(seed: number): Random {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

type Mutation = (bytes: Buffer, random: Random, other: Uint8Array) => Buffer;

const cut = (bytes: Buffer, from: number, until: number, middle: Uint8Array) =>
  Buffer.concat([bytes.subarray(0, from), middle, bytes.subarray(Math.max(from, until))]);

const mutations: readonly Mutation[] = [
  (bytes, random) => cut(bytes, random(bytes.length + 1), 0, Buffer.of(random(256))),
  (bytes, random) => {
    const at = random(bytes.length + 1);
    return cut(bytes, at, at + 1, Buffer.of((bytes[at] ?? 0) ^ (1 << random(8))));
  },
  (bytes, random) => {
    const at = random(bytes.length + 1);
    return cut(bytes, at, at + 1 + random(12), Buffer.alloc(0));
  },
  (bytes, random) => cut(bytes, random(bytes.length + 1), 0, words[random(words.length)] ?? bytes),
  (bytes, random) => {
    const at = random(bytes.length + 1);
    return cut(bytes, at, at + 1 + random(8), words[random(words.length)] ?? bytes);
  },
  // A part of this one once more, elsewhere.
  (bytes, random) => {
    const from = random(bytes.length + 1);
    return cut(bytes, random(bytes.length + 1), 0, bytes.subarray(from, from + 1 + random(80)));
  },
  // The beginning of this one and the end of another.
  (bytes, random, other) => Buffer.concat([bytes.subarray(0, random(bytes.length + 1)), other.subarray(random(other.length + 1))]),
  (bytes, random, other) => {
    const from = random(other.length + 1);
    return cut(bytes, random(bytes.length + 1), 0, other.subarray(from, from + 1 + random(80)));
  },
];

/** One of `corpus`, changed in one to five places; now and then with a part of it repeated up to `maxBytes`, for work that grows with the square. */
export function mutated(corpus: readonly Uint8Array[], random: Random, maxBytes: number): Buffer {
  const pick = () => corpus[random(corpus.length)] ?? Buffer.alloc(0);
  let bytes: Buffer = Buffer.from(pick());
  for (let left = 1 + random(5); left > 0; left--) {
    const mutation = mutations[random(mutations.length)];
    if (mutation !== undefined) bytes = mutation(bytes, random, pick());
  }
  if (random(200) === 0) {
    const from = random(bytes.length + 1);
    const part = random(2) === 0 ? (words[random(words.length)] ?? bytes) : bytes.subarray(from, from + 1 + random(40));
    const times = Math.floor(Math.max(0, maxBytes - bytes.length) / Math.max(1, part.length));
    bytes = cut(bytes, from, 0, Buffer.concat(Array.from({ length: times }, () => part)));
  }
  return bytes.subarray(0, maxBytes);
}
