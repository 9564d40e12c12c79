import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StartedProcess } from "../child-process.ts";
import { freePort, freePortRange, isUdpBound } from "../free-ports.ts";
import { eventually } from "../waiting.ts";
import type { RtpVoice } from "./rtp-endpoint.ts";
import { parseSippTrace, type TracedMessage } from "./sip-trace.ts";

/** A file of test/interop/sipp without its ending. */
export type SippScenario =
  | "uas-answer"
  | "uas-reliable"
  | "uac-offerless"
  | "uas-answer-then-bye"
  | "uas-auth"
  | "uas-busy"
  | "uas-reject"
  | "uas-silent"
  | "uac-call"
  | "uac-listen"
  | "uac-say"
  | "uac-options"
  | `proxy/${string}`
  | `rfc3665/${string}`
  | `rfc5359/${string}`;

export type SippOptions = {
  readonly scenario: SippScenario;
  /** Where a calling scenario calls. */
  readonly target?: { readonly port: number; readonly user: string };
  /** The RTP port named in its SDP: normally an RtpEndpoint's. SIPp itself sends no audio. */
  readonly rtpPort?: number;
  /** The voice that uac-listen and uac-say offer; PCMU with telephone-event 101 when not given. */
  readonly voice?: OfferedVoice;
  /** A capture file of what uac-say says; it needs the right to raw sockets. */
  readonly says?: Uint8Array;
  /** Its own SIP port; a free one when not given. */
  readonly sipPort?: number;
  /** How many calls it takes part in before it ends; 1 when not given. */
  readonly calls?: number;
  /** It gives up, and fails, after this long; 60 s when not given. */
  readonly timeoutMs?: number;
  /** What [authentication] signs with. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Further [keys] of the scenario. */
  readonly keys?: Readonly<Record<string, string>>;
};

export type OfferedVoice = RtpVoice & {
  /** Asked for; nothing when not given. */
  readonly ptimeMs?: number;
  /** telephone-event 101 too; true when not given. */
  readonly events?: boolean;
};

const usualVoice: OfferedVoice = { payloadType: 0, rtpmap: "PCMU/8000" };

/** SIPp running one scenario, with everything it sent and received. It ends after its calls or its time, whatever happens. */
export class Sipp implements AsyncDisposable {
  readonly port: number;
  readonly #process: StartedProcess;
  readonly #folder: string;

  private constructor(port: number, process: StartedProcess, folder: string) {
    this.port = port;
    this.#process = process;
    this.#folder = folder;
  }

  /** Starts it and waits until its port is bound. */
  static async start(options: SippOptions): Promise<Sipp> {
    const folder = await mkdtemp(join(tmpdir(), "cw-sipp-"));
    const port = options.sipPort ?? (await freePort());
    if (options.says !== undefined) await writeFile(join(folder, "said.pcap"), options.says);
    const settings = {
      "-sf": fileURLToPath(new URL(`../../interop/sipp/${options.scenario}.xml`, import.meta.url)),
      "-i": "127.0.0.1",
      "-p": String(port),
      "-mp": String(await freePortRange(4)),
      "-m": String(options.calls ?? 1),
      "-timeout": `${options.timeoutMs ?? 60_000}ms`,
      "-deadcall_wait": "0",
      "-message_file": join(folder, "messages"),
      "-error_file": join(folder, "errors"),
    };
    const args = [
      ...(options.target === undefined ? [] : [`127.0.0.1:${options.target.port}`, "-s", options.target.user]),
      ...(options.credentials === undefined ? [] : ["-au", options.credentials.username, "-ap", options.credentials.password]),
      ...Object.entries(settings).flat(),
      ...Object.entries({ rtp_port: String(options.rtpPort ?? 9), ...descriptionOf(options.voice ?? usualVoice), ...options.keys }).flatMap(
        ([name, value]) => ["-key", name, value],
      ),
      "-timeout_error",
      "-nostdin",
      "-trace_msg",
      "-trace_err",
    ];
    // SIPp wants a terminal only to paint its statistics; without TERM it does not try.
    const child = new StartedProcess("sipp", args, { cwd: folder, env: { ...process.env, TERM: "dumb" } });
    const sipp = new Sipp(port, child, folder);
    await eventually(`SIPp on port ${port}`, () => child.hasExited || isUdpBound(port));
    return sipp;
  }

  /** What was on the wire until now, in order. */
  async messages(): Promise<readonly TracedMessage[]> {
    return parseSippTrace(await readFile(join(this.#folder, "messages"), "utf8").catch(missingAsEmpty));
  }

  /** The first message, in order, that `isWanted` accepts. */
  async waitForMessage(what: string, isWanted: (message: TracedMessage) => boolean, timeoutMs = 10_000): Promise<TracedMessage> {
    return await eventually(
      `SIPp: ${what}`,
      async () => {
        const found = (await this.messages()).find(isWanted);
        if (found === undefined && this.#process.hasExited) throw new Error(`SIPp ended before: ${what}\n${await this.#story()}`);
        return found;
      },
      timeoutMs,
    );
  }

  /** Waits for its end; fails unless every call went as the scenario says. */
  async succeeded(timeoutMs = 60_000): Promise<readonly TracedMessage[]> {
    const { code } = await this.#process.waitForExit(timeoutMs);
    if (code !== 0) throw new Error(`SIPp ended with ${code}\n${await this.#story()}`);
    return await this.messages();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // SIGUSR1 asks SIPp to end politely but waits for calls in progress; a test that is over does not.
    await this.#process.stop("SIGKILL");
    await rm(this.#folder, { recursive: true });
  }

  async #story(): Promise<string> {
    const errors = await readFile(join(this.#folder, "errors"), "utf8").catch(missingAsEmpty);
    const lines = (await this.messages()).map((message) => `${message.direction} ${message.startLine}`);
    return [errors.slice(0, 3_000), ...lines].join("\n");
  }
}

/** What stands behind the port in `m=`, and the lines below it. */
function descriptionOf({ payloadType, rtpmap, ptimeMs, events = true }: OfferedVoice): {
  readonly formats: string;
  readonly attributes: string;
} {
  const lines = [`a=rtpmap:${payloadType} ${rtpmap}`];
  if (events) lines.push("a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15");
  if (ptimeMs !== undefined) lines.push(`a=ptime:${ptimeMs}`);
  return { formats: `${payloadType}${events ? " 101" : ""}`, attributes: lines.join("\r\n") };
}

function missingAsEmpty(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "";
  throw error;
}
