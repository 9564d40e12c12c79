import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatWav, type Wav } from "../audio/wav.ts";
import { StartedProcess } from "../child-process.ts";
import { freePortRange, isUdpBound } from "../free-ports.ts";
import { eventually } from "../waiting.ts";
import type { RtpVoice } from "./rtp-endpoint.ts";

/** A sound file as ffmpeg reads it. */
export type DecodedSound = {
  /** ffmpeg's own name: pcm_s16le, mp3. */
  readonly codec: string;
  readonly channels: readonly Wav[];
};

/** Decodes a file of any kind that ffmpeg knows; fails when it finds anything wrong with it. */
export async function decodeSound(bytes: Uint8Array): Promise<DecodedSound> {
  const folder = await mkdtemp(join(tmpdir(), "cw-ffmpeg-"));
  try {
    const [path, raw] = [join(folder, "sound"), join(folder, "samples")];
    await writeFile(path, bytes);
    const entries = ["-show_entries", "stream=codec_name,sample_rate,channels", "-of", "default=noprint_wrappers=1"];
    const shown = await outputOf("ffprobe", ["-v", "error", ...entries, path]);
    const valueOf = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(shown)?.[1] ?? "";
    await outputOf("ffmpeg", ["-v", "error", "-xerror", "-i", path, "-f", "s16le", raw]);
    const count = Number(valueOf("channels"));
    const sampleRateHz = Number(valueOf("sample_rate"));
    const all = samplesOf(await readFile(raw));
    const channels = Array.from({ length: count }, (_, channel) => ({
      sampleRateHz,
      samples: all.filter((__, index) => index % count === channel),
    }));
    return { codec: valueOf("codec_name"), channels };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What it prints; fails when it ends badly or complains. */
async function outputOf(command: string, args: readonly string[]): Promise<string> {
  await using child = new StartedProcess(command, args);
  const { code } = await child.waitForExit(20_000);
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${child.output.slice(-3_000)}`);
  return child.output;
}

function samplesOf(bytes: Uint8Array): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int16Array.from({ length: bytes.length >> 1 }, (_, index) => view.getInt16(index * 2, true));
}

/** ffmpeg as a receiver of RTP, told by a session description what will come. */
export class FfmpegReceiver implements AsyncDisposable {
  readonly port: number;
  readonly #process: StartedProcess;
  readonly #folder: string;
  readonly #rateHz: number;

  private constructor(port: number, process: StartedProcess, folder: string, rateHz: number) {
    this.port = port;
    this.#process = process;
    this.#folder = folder;
    this.#rateHz = rateHz;
  }

  /** `rateHz`: of what it decodes. */
  static async start({ payloadType, rtpmap }: RtpVoice, rateHz: number): Promise<FfmpegReceiver> {
    const folder = await mkdtemp(join(tmpdir(), "cw-ffmpeg-"));
    const port = await freePortRange(2);
    const lines = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"];
    lines.push(`m=audio ${port} RTP/AVP ${payloadType}`, `a=rtpmap:${payloadType} ${rtpmap}`, "");
    await writeFile(join(folder, "session.sdp"), lines.join("\r\n"));
    const input = ["-protocol_whitelist", "file,udp,rtp", "-i", "session.sdp"];
    const output = ["-f", "s16le", "-ac", "1", "-ar", String(rateHz), "samples"];
    const child = new StartedProcess("ffmpeg", ["-hide_banner", "-nostats", ...input, ...output], { cwd: folder });
    const receiver = new FfmpegReceiver(port, child, folder, rateHz);
    await eventually(`ffmpeg on port ${port}`, () => child.hasExited || isUdpBound(port));
    return receiver;
  }

  /** Ends it; what it heard. */
  async heard(): Promise<Wav> {
    this.#process.write("q");
    const { code } = await this.#process.waitForExit(20_000);
    if (code !== 0) throw new Error(`ffmpeg ended with ${code}:\n${this.#process.output.slice(-3_000)}`);
    return { sampleRateHz: this.#rateHz, samples: samplesOf(await readFile(join(this.#folder, "samples"))) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
    await rm(this.#folder, { recursive: true });
  }
}

const encoders: Readonly<Record<string, { readonly codec: readonly string[]; readonly rateHz: number }>> = {
  PCMU: { codec: ["pcm_mulaw"], rateHz: 8_000 },
  PCMA: { codec: ["pcm_alaw"], rateHz: 8_000 },
  G722: { codec: ["g722"], rateHz: 16_000 },
  opus: { codec: ["libopus", "-application", "voip", "-frame_duration"], rateHz: 48_000 },
};

/** Says this to a port of 127.0.0.1 as RTP in real time, in packets of `ptimeMs` (20 when not given), and waits until it is said. */
export async function sendByFfmpeg(
  sound: Wav,
  { payloadType, rtpmap, ptimeMs = 20 }: RtpVoice & { readonly ptimeMs?: number },
  port: number,
) {
  const [name = ""] = rtpmap.split("/");
  const encoder = encoders[name];
  if (encoder === undefined) throw new Error(`ffmpeg is not told how to encode ${rtpmap}`);
  const folder = await mkdtemp(join(tmpdir(), "cw-ffmpeg-"));
  try {
    const path = join(folder, "says.wav");
    await writeFile(path, formatWav(sound));
    // Paced by its own clock (-re) it sends all that it reads at a time at once, a quarter of a second. This makes one packet of each frame.
    const pace = `aresample=${encoder.rateHz},asetnsamples=n=${(encoder.rateHz * ptimeMs) / 1_000}:p=0,arealtime`;
    const codec = [...encoder.codec, ...(name === "opus" ? [String(ptimeMs)] : [])];
    const url = `rtp://127.0.0.1:${port}?localrtpport=${await freePortRange(2)}`;
    const output = ["-af", pace, "-c:a", ...codec, "-payload_type", String(payloadType), "-f", "rtp", url];
    await outputOf("ffmpeg", ["-v", "error", "-nostdin", "-i", path, ...output]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
