/** A name server on loopback that says what a test wants: real messages (RFC 1035 §4), so the real resolver can be pointed at it. */
import { createSocket } from "node:dgram";
import { isIPv4 } from "node:net";

type Ttl = { readonly ttl?: number };
export type DnsRecord = Ttl &
  (
    | { readonly type: "A" | "AAAA"; readonly address: string }
    | { readonly type: "SRV"; readonly priority?: number; readonly weight?: number; readonly port: number; readonly name: string }
    | {
        readonly type: "NAPTR";
        readonly order?: number;
        readonly preference?: number;
        readonly flags?: string;
        readonly service: string;
        readonly regexp?: string;
        readonly replacement: string;
      }
  );

const typeNumbers = { A: 1, AAAA: 28, SRV: 33, NAPTR: 35 } as const;

export class DnsServer {
  /** What was asked, as `TYPE name`, in order of arrival; repeats of an unanswered question too. */
  readonly asked: string[] = [];
  /** Names for which nothing is answered. */
  readonly silent = new Set<string>();
  /** Names answered with SERVFAIL. */
  readonly broken = new Set<string>();
  /** Each waits until it is called. */
  readonly held: (() => void)[] = [];
  /** While true answers wait in `held`. */
  isHolding = false;
  readonly #socket = createSocket("udp4");
  readonly #zone = new Map<string, DnsRecord[]>();

  static async open(): Promise<DnsServer> {
    const server = new DnsServer();
    await new Promise<void>((resolve) => server.#socket.bind(0, "127.0.0.1", resolve));
    server.#socket.on("message", (query, from) => server.#receive(query, (answer) => server.#socket.send(answer, from.port, from.address)));
    return server;
  }

  /** As name server settings have it. */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  /** Adds records to a name; without any, the name is there and has none. */
  add(name: string, ...records: readonly DnsRecord[]): void {
    const key = name.toLowerCase();
    this.#zone.set(key, [...(this.#zone.get(key) ?? []), ...records]);
  }

  clear(name: string): void {
    this.#zone.delete(name.toLowerCase());
  }

  close(): Promise<void> {
    return new Promise((resolve) => void this.#socket.close(() => resolve()));
  }

  #receive(query: Buffer, send: (answer: Buffer) => void): void {
    const { name, end } = nameAt(query, 12);
    const type = Object.entries(typeNumbers).find(([, number]) => number === query.readUInt16BE(end))?.[0] ?? "other";
    this.asked.push(`${type} ${name}`);
    if (this.silent.has(name)) return;
    const known = this.#zone.get(name);
    const records = (known ?? []).filter((record) => record.type === type);
    const code = this.broken.has(name) ? 2 : known === undefined ? 3 : 0;
    const answer = () => send(answerTo(query.subarray(0, end + 4), code, records));
    if (this.isHolding) this.held.push(answer);
    else answer();
  }
}

/** Header and question of the query come back, with the records behind them; each names the question's name (0xC00C). */
function answerTo(question: Buffer, code: number, records: readonly DnsRecord[]): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180 | code, 2);
  head.writeUInt16BE(records.length, 6);
  head.writeUInt16BE(0, 8);
  head.writeUInt16BE(0, 10);
  const parts = records.map((record) => {
    const data = dataOf(record);
    const fixed = Buffer.alloc(12);
    fixed.writeUInt16BE(0xc00c, 0);
    fixed.writeUInt16BE(typeNumbers[record.type], 2);
    fixed.writeUInt16BE(1, 4);
    fixed.writeUInt32BE(record.ttl ?? 30, 6);
    fixed.writeUInt16BE(data.length, 10);
    return Buffer.concat([fixed, data]);
  });
  return Buffer.concat([head, ...parts]);
}

function dataOf(record: DnsRecord): Buffer {
  if (record.type === "SRV") {
    return Buffer.concat([numbers(record.priority ?? 0, record.weight ?? 0, record.port), encodedName(record.name)]);
  }
  if (record.type === "NAPTR") {
    const texts = [record.flags ?? "s", record.service, record.regexp ?? ""].map((text) =>
      Buffer.from(`${String.fromCharCode(text.length)}${text}`),
    );
    return Buffer.concat([numbers(record.order ?? 0, record.preference ?? 0), ...texts, encodedName(record.replacement)]);
  }
  if (isIPv4(record.address)) return Buffer.from(record.address.split(".").map(Number));
  const [front = "", back] = record.address.split("::");
  const [before, after] = [front, back ?? ""].map((half) => half.split(":").filter((group) => group !== ""));
  const missing = 8 - (before?.length ?? 0) - (after?.length ?? 0);
  const groups = [...(before ?? []), ...Array.from({ length: missing }, () => "0"), ...(after ?? [])];
  return numbers(...groups.map((group) => Number.parseInt(group, 16)));
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}

function encodedName(name: string): Buffer {
  const labels = name.split(".").filter((label) => label !== "");
  return Buffer.from(`${labels.map((label) => `${String.fromCharCode(label.length)}${label}`).join("")}\0`, "latin1");
}

function nameAt(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), end: at + 1 };
}
