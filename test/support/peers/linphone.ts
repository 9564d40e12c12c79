import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatWav, parseWav, samplesAt8Khz, type Wav } from "../audio/wav.ts";
import { StartedProcess } from "../child-process.ts";
import { freePort, freePortRange } from "../free-ports.ts";
import { eventually } from "../waiting.ts";
import type { Phone, PhoneAccount, PhoneCodec, PhoneOptions } from "./phone.ts";

/** Name, clock rate and channels of all that it would offer. */
const codecs = [
  ["opus", 48_000, 2],
  ["speex", 16_000, 1],
  ["speex", 8_000, 1],
  ["PCMU", 8_000, 1],
  ["PCMA", 8_000, 1],
  ["GSM", 8_000, 1],
  ["G722", 8_000, 1],
] as const;

/** Its account is by UDP or TCP. */
export type LinphoneOptions = PhoneOptions & {
  /** Answers by itself; true when not given. */
  readonly answers?: boolean;
  /** Asks for a session timer of so many seconds (RFC 4028). */
  readonly sessionExpiresSeconds?: number;
  /** Presses digits by INFO in place of RFC 4733 events. */
  readonly digitsByInfo?: boolean;
};

/** linphonec 5.1 driven by its command line, with files in place of a sound card. */
export class Linphone implements Phone {
  readonly port: number;
  readonly #process: StartedProcess;
  readonly #folder: string;

  private constructor(port: number, process: StartedProcess, folder: string) {
    this.port = port;
    this.#process = process;
    this.#folder = folder;
  }

  static async start(options: LinphoneOptions = {}): Promise<Linphone> {
    const folder = await mkdtemp(join(tmpdir(), "cw-linphone-"));
    await mkdir(join(folder, ".local/share/linphone"), { recursive: true });
    const [port, rtpPort] = [await freePort(), await freePortRange(2)];
    await writeFile(join(folder, "linphonerc"), configuration(port, rtpPort, options));
    const { saysAtHz: sampleRateHz = 8_000, says: samples = new Int16Array(sampleRateHz) } = options;
    await writeFile(join(folder, "says.wav"), formatWav({ sampleRateHz, samples }));
    const args = [...(options.answers === false ? [] : ["-a"]), "-c", join(folder, "linphonerc")];
    const child = new StartedProcess("linphonec", args, { cwd: folder, env: { ...process.env, HOME: folder } });
    const linphone = new Linphone(port, child, folder);
    try {
      await child.waitForOutput(/linphonec> /);
      await linphone.#command("soundcard use files", /Using wav files/);
      await linphone.#command(`play ${join(folder, "says.wav")}`);
      await linphone.#command(`record ${join(folder, "heard.wav")}`);
    } catch (error) {
      await child.stop("SIGKILL");
      throw error;
    }
    return linphone;
  }

  get uri(): string {
    return `sip:linphone@127.0.0.1:${this.port}`;
  }

  async call(uri: string): Promise<void> {
    await this.#command(`call ${uri}`);
    const [outcome] = await this.#process.waitForOutput(/Media streams established|Call \d+ with .+ (ended|error).*/i);
    if (!outcome.startsWith("Media")) throw new Error(`linphonec: ${outcome}`);
  }

  async answered(timeoutMs = 10_000): Promise<void> {
    await this.#process.waitForOutput(/Media streams established/, timeoutMs);
  }

  async ended(timeoutMs = 10_000): Promise<void> {
    await this.#process.waitForOutput(/Call \d+ with .+ ended/, timeoutMs);
  }

  async registered(timeoutMs = 10_000): Promise<void> {
    await eventually(
      "linphonec: registration",
      async () => {
        const from = this.#process.output.length;
        await this.#command("status register", /registered=|registered, identity/);
        return /registered, identity/.test(this.#process.output.slice(from));
      },
      timeoutMs,
    );
  }

  async press(digits: string): Promise<void> {
    for (const digit of digits) await this.#command(digit);
  }

  async hold(): Promise<void> {
    await this.#command("pause", /is now paused/);
  }

  async resume(): Promise<void> {
    await this.#command("resume", /Media streams established/);
  }

  async hangUp(): Promise<void> {
    await this.#command("terminate");
    await this.ended();
  }

  /** Attended, by REFER with Replaces: whom it talks to in its first call is handed to whom it has called second. Both its calls end. */
  async transferFirstToSecond(): Promise<void> {
    await this.#command("transfer 1 --to-call 2");
  }

  /** Calls somebody beside its first call, and waits for the answer. */
  async callAsWell(uri: string): Promise<void> {
    await this.#command(`call ${uri}`, /Call 2 with .+ connected/);
  }

  /** Digits received until now. */
  digits(): string {
    return [...this.#process.output.matchAll(/Receiving tone (.)/g)].map((found) => found[1]).join("");
  }

  async recording(): Promise<Int16Array> {
    return samplesAt8Khz(await this.heard());
  }

  async heard(): Promise<Wav> {
    return parseWav(await readFile(join(this.#folder, "heard.wav")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.write("quit\n");
    await this.#process.stop("SIGTERM");
    await rm(this.#folder, { recursive: true });
  }

  /** Types one line and waits for what it prints in answer: its next prompt when nothing is given. */
  async #command(line: string, answer = /linphonec> /): Promise<void> {
    const from = this.#process.output.length;
    this.#process.write(`${line}\n`);
    await this.#process.waitForOutput(answer, 10_000, from);
  }
}

function configuration(
  port: number,
  rtpPort: number,
  { account, codec, digitsByInfo = false, sessionExpiresSeconds = 0 }: LinphoneOptions,
): string {
  const isTcp = account?.transport === "tcp";
  return `
[sip]
sip_port=${isTcp ? 0 : port}
sip_tcp_port=${isTcp ? port : 0}
use_info=${digitsByInfo ? 1 : 0}
use_rfc2833=${digitsByInfo ? 0 : 1}
session_expires_enabled=${sessionExpiresSeconds > 0 ? 1 : 0}
session_expires_value=${sessionExpiresSeconds}
sip_tls_port=0
bind_address=127.0.0.1
default_proxy=${account === undefined ? -1 : 0}
[rtp]
audio_rtp_port=${rtpPort}
[video]
enabled=0
[sound]
echocancellation=0
${codecSections(codec)}${accountSections(account)}`;
}

/** All of its codecs that are not told to be off are on. */
function codecSections(only: PhoneCodec | undefined): string {
  if (only === undefined) return "";
  const sections = codecs.map(
    ([mime, rate, channels], index) =>
      `[audio_codec_${index}]\nmime=${mime}\nrate=${rate}\nchannels=${channels}\nenabled=${mime === only ? 1 : 0}\n`,
  );
  return sections.join("");
}

function accountSections(account: PhoneAccount | undefined): string {
  if (account === undefined) return "";
  const { username, password, port, transport = "udp" } = account;
  return `
[auth_info_0]
username=${username}
passwd=${password}
domain=127.0.0.1
[proxy_0]
reg_proxy=<sip:127.0.0.1:${port};transport=${transport}>
reg_identity=sip:${username}@127.0.0.1
reg_expires=600
reg_sendregister=1
`;
}
