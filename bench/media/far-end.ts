/** The far end of the media bench, a process of its own: says what it is told to, and hears on one port what all endpoints say. See messages.ts. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { rtpHeaderBytes, writeRtpHeader } from "../../src/rtp/index.ts";
import { frameMs } from "./formats.ts";
import type { FarEndQuestion, FarEndReport, SinkReport, Speech } from "./messages.ts";
import type { SinkStart } from "./sink.ts";

const host = "127.0.0.1";
/** Sharing a wake-up is what makes sending cheap. */
const portsPerSlot = 25;
/** After a stall it goes on from now: the frames between are lost, as those of a phone would be. */
const longestBacklogMs = 100;
const probeEveryMs = 5;

const socket = createSocket({
  type: "udp4",
  reuseAddr: true,
  sendBufferSize: 4 << 20,
  lookup: (name, _options, done) => done(null, name, 4),
});
// With a lookup that answers at once it is bound when this returns.
socket.bind(0, host);
const { port } = socket.address();
const sink = new Worker(new URL("./sink.ts", import.meta.url), { workerData: { host, port } satisfies SinkStart });
await once(sink, "message");
// What comes here would be missing there.
socket.on("message", () => {
  throw new Error("the kernel gives packets to the socket that sends");
});

let said = 0;

/** Says one frame to each port every 20 ms, the ports spread evenly over that time. */
class Talker {
  readonly #slots: readonly (readonly number[])[];
  readonly #packets: readonly Buffer[];
  readonly #header;
  readonly #frameUnits: number;
  readonly #slotMs: number;
  readonly #originMs = performance.now();
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor({ ports, payloadType, clockRateHz, frames }: Speech) {
    const slots = Math.min(frameMs, Math.max(1, Math.round(ports.length / portsPerSlot)));
    this.#slots = Array.from({ length: slots }, (_, slot) => ports.filter((_port, index) => index % slots === slot));
    this.#slotMs = frameMs / slots;
    this.#packets = frames.map((frame) => Buffer.concat([Buffer.alloc(rtpHeaderBytes), frame]));
    this.#frameUnits = (clockRateHz * frameMs) / 1_000;
    // One stream to all: nobody sees more than its own copy.
    this.#header = { marker: false, payloadType, sequenceNumber: 0, timestamp: 0, ssrc: 0xfa };
    this.#run();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  readonly #run = (): void => {
    const due = (performance.now() - this.#originMs + 0.5) / this.#slotMs;
    const oldest = due - longestBacklogMs / this.#slotMs;
    if (this.#next < oldest) this.#next = Math.ceil(oldest);
    for (; this.#next <= due; this.#next++) this.#say(this.#next % this.#slots.length, Math.floor(this.#next / this.#slots.length));
    const delayMs = this.#originMs + this.#next * this.#slotMs - performance.now();
    this.#timer = setTimeout(this.#run, Math.max(0, Math.round(delayMs)));
  };

  #say(slot: number, round: number): void {
    // Not all say the same at the same time.
    const packet = this.#packets[(round + slot * 17) % this.#packets.length];
    if (packet === undefined) return;
    this.#header.sequenceNumber = round & 0xffff;
    this.#header.timestamp = (round * this.#frameUnits) >>> 0;
    writeRtpHeader(packet, this.#header);
    const ports = this.#slots[slot] ?? [];
    for (const to of ports) socket.send(packet, to, host);
    said += ports.length;
  }
}

let talkers: readonly Talker[] = [];

const probe = Buffer.alloc(9);
const probing = setInterval(() => {
  probe.writeDoubleBE(Number(process.hrtime.bigint()) / 1e6, 1);
  socket.send(probe, port, host);
}, probeEveryMs);

async function answer(question: FarEndQuestion): Promise<FarEndReport> {
  if (question.kind === "begin" || question.kind === "hush") for (const talker of talkers) talker.stop();
  if (question.kind === "begin") talkers = question.says.map((speech) => new Talker(speech));
  sink.postMessage(question.kind === "begin" ? { ...question, says: [] } : question);
  const [report] = (await once(sink, "message")) as [SinkReport];
  if (question.kind === "reset") said = 0;
  return { ...report, said };
}

process.on("message", (question: FarEndQuestion) => {
  void answer(question).then((report) => process.send?.(report));
});

process.on("disconnect", () => {
  for (const talker of talkers) talker.stop();
  clearInterval(probing);
  socket.close();
  void sink.terminate();
});
