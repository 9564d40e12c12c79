import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatWav, parseWav, samplesAt8Khz, type Wav } from "../audio/wav.ts";
import { StartedProcess } from "../child-process.ts";
import { freePort, freePortRange } from "../free-ports.ts";
import { eventually, memberOf } from "../waiting.ts";
import type { Phone, PhoneCodec, PhoneOptions } from "./phone.ts";

/** An event of its control connection: CALL_INCOMING, CALL_RINGING, CALL_ESTABLISHED, CALL_CLOSED, CALL_DTMF_START, … */
export type BaresipEvent = { readonly type: string; readonly param: string };

export type BaresipOptions = PhoneOptions & {
  /** Answers by itself; true when not given. `early`: speaks before it answers, by 183, and waits for `accept`. */
  readonly answers?: boolean | "early";
  readonly user?: string;
};

/** By a name alone it finds none, and by G.722's clock rate of SDP none either: it wants that of the sound. */
const codecs = {
  PCMU: "PCMU/8000/1",
  PCMA: "PCMA/8000/1",
  G722: "G722/16000/1",
  opus: "opus/48000/2",
} as const satisfies Record<PhoneCodec, string>;

/**
 * baresip 1.0 without a screen, driven by netstrings over TCP. Its SDP never names a loopback address although its packets leave from one, so the peer must send
 * media to where the signalling came from: a trunk to it needs `mediaToSource`.
 */
export class Baresip implements Phone {
  readonly port: number;
  readonly user: string;
  readonly events: BaresipEvent[] = [];
  readonly #process: StartedProcess;
  readonly #folder: string;
  readonly #control: Socket;
  readonly #answers = new Map<string, (answer: { ok: boolean; data: string }) => void>();
  #pending: Buffer = Buffer.alloc(0);
  #tokens = 0;

  private constructor(port: number, user: string, process: StartedProcess, folder: string, control: Socket) {
    this.port = port;
    this.user = user;
    this.#process = process;
    this.#folder = folder;
    this.#control = control;
    control.on("data", (bytes: Buffer) => this.#receive(bytes));
    // The process is ended before the connection is: whatever the socket says then has been expected.
    control.on("error", () => undefined);
  }

  static async start(options: BaresipOptions = {}): Promise<Baresip> {
    const folder = await mkdtemp(join(tmpdir(), "cw-baresip-"));
    const { account } = options;
    const user = account?.username ?? options.user ?? "bob";
    const [port, controlPort, rtpPort] = [await freePort(), await freePort(), await freePortRange(20)];
    await mkdir(join(folder, "recordings"));
    const { says = new Int16Array(), saysAtHz = 8_000 } = options;
    // The file ends when it ends, so silence follows for ten minutes.
    const samples = new Int16Array(says.length + saysAtHz * 600);
    samples.set(says);
    await writeFile(join(folder, "says.wav"), formatWav({ sampleRateHz: saysAtHz, samples }));
    const transport = account?.tls === undefined ? (account?.transport ?? "udp") : "tls";
    const secure = account?.tls === undefined ? "" : `sip_cafile ${account.tls.caFile}\n`;
    const proxy = account?.proxyPort === undefined ? "" : `;outbound="sip:127.0.0.1:${account.proxyPort};transport=udp"`;
    await writeFile(join(folder, "config"), configuration(folder, port, controlPort, rtpPort, saysAtHz) + secure);
    const signIn = account === undefined ? ";regint=0" : `;regint=600;auth_pass=${account.password}`;
    const answermode = options.answers === "early" ? "early" : options.answers === false ? "manual" : "auto";
    await writeFile(
      join(folder, "accounts"),
      `<sip:${user}@127.0.0.1:${account?.port ?? port};transport=${transport}>${signIn}${proxy};answermode=${answermode};audio_codecs=${codecs[options.codec ?? "PCMU"]};dtmfmode=rtpevent\n`,
    );
    await writeFile(join(folder, "contacts"), "");
    const child = new StartedProcess("baresip", ["-f", folder]);
    try {
      await child.waitForOutput(/baresip is ready/);
      return new Baresip(port, user, child, folder, await connected(controlPort));
    } catch (error) {
      await child.stop("SIGKILL");
      throw error;
    }
  }

  get uri(): string {
    return `sip:${this.user}@127.0.0.1:${this.port}`;
  }

  async call(uri: string): Promise<void> {
    await this.#command("dial", uri);
    const outcome = await eventually("baresip: an outcome", () =>
      this.events.find((event) => event.type === "CALL_ESTABLISHED" || event.type === "CALL_CLOSED"),
    );
    if (outcome.type === "CALL_CLOSED") throw new Error(`baresip: the call ended: ${outcome.param}`);
  }

  async answered(timeoutMs = 10_000): Promise<void> {
    await this.#event("CALL_ESTABLISHED", timeoutMs);
  }

  async ended(timeoutMs = 10_000): Promise<void> {
    await this.#event("CALL_CLOSED", timeoutMs);
  }

  async registered(timeoutMs = 10_000): Promise<void> {
    // Its first attempt may be over before the control connection stands, so the events do not tell.
    const [outcome] = await this.#process.waitForOutput(/200 OK .*binding|reg: .*/, timeoutMs);
    if (outcome.startsWith("reg:")) throw new Error(`baresip: registration failed: ${outcome}`);
  }

  async press(digits: string): Promise<void> {
    for (const digit of digits) await this.#command("sndcode", digit);
  }

  /** Answers what rings. */
  async accept(): Promise<void> {
    await this.#command("accept");
  }

  async hold(): Promise<void> {
    await this.#command("hold");
  }

  async resume(): Promise<void> {
    await this.#command("resume");
  }

  /** Blind, by REFER. Its own call closes when the transfer has succeeded. */
  async transfer(uri: string): Promise<void> {
    await this.#command("transfer", uri);
  }

  async hangUp(): Promise<void> {
    await this.#command("hangup");
    await this.ended();
  }

  digits(): string {
    return this.events
      .filter((event) => event.type === "CALL_DTMF_START")
      .map((event) => event.param)
      .join("");
  }

  async recording(): Promise<Int16Array> {
    return samplesAt8Khz(await this.heard());
  }

  /** Of its latest call; complete once that has closed. */
  async heard(): Promise<Wav> {
    const folder = join(this.#folder, "recordings");
    const names = (await readdir(folder)).filter((name) => name.endsWith("-dec.wav")).toSorted();
    const latest = names.at(-1);
    if (latest === undefined) throw new Error(`baresip recorded nothing:\n${this.#process.output.slice(-3_000)}`);
    return parseWav(await readFile(join(folder, latest)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#control.destroy();
    await this.#process.stop();
    await rm(this.#folder, { recursive: true });
  }

  /** Runs one command of its menu; fails when it refuses. */
  async #command(command: string, params = ""): Promise<void> {
    const token = String(++this.#tokens);
    const { promise, resolve } = Promise.withResolvers<{ ok: boolean; data: string }>();
    this.#answers.set(token, resolve);
    const text = JSON.stringify({ command, params, token });
    this.#control.write(`${Buffer.byteLength(text)}:${text},`);
    const answer = await promise;
    if (!answer.ok) throw new Error(`baresip refused ${command} ${params}: ${answer.data}`);
  }

  async #event(type: string, timeoutMs: number): Promise<void> {
    await eventually(`baresip event ${type}`, () => this.events.find((event) => event.type === type), timeoutMs);
  }

  #receive(bytes: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    for (;;) {
      const colon = this.#pending.indexOf(":");
      if (colon < 0) return;
      const end = colon + 1 + Number(this.#pending.subarray(0, colon).toString());
      if (this.#pending.length <= end) return;
      const message: unknown = JSON.parse(this.#pending.subarray(colon + 1, end).toString());
      this.#pending = this.#pending.subarray(end + 1);
      this.#handle(message);
    }
  }

  #handle(message: unknown): void {
    const text = (name: string) => {
      const value = memberOf(message, name);
      return typeof value === "string" ? value : "";
    };
    if (memberOf(message, "event") === true) {
      this.events.push({ type: text("type"), param: text("param") });
      return;
    }
    this.#answers.get(text("token"))?.({ ok: memberOf(message, "ok") === true, data: text("data") });
    this.#answers.delete(text("token"));
  }
}

// The player must be aubridge,nil: aufile only reads, and the filter sndfile records what is played.
function configuration(folder: string, port: number, controlPort: number, rtpPort: number, saysAtHz: number): string {
  return `
sip_listen 127.0.0.1:${port}
audio_source aufile,${join(folder, "says.wav")}
audio_player aubridge,nil
snd_path ${join(folder, "recordings")}
rtp_ports ${rtpPort}-${rtpPort + 19}
ausrc_srate ${saysAtHz}
ausrc_channels 1
module_path /usr/lib/baresip/modules
module g711.so
module g722.so
module opus.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
module_app debug_cmd.so
ctrl_tcp_listen 127.0.0.1:${controlPort}
statmode_default off
`;
}

async function connected(port: number): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(port, "127.0.0.1", () => resolve(socket));
  socket.once("error", reject);
  return await promise;
}
