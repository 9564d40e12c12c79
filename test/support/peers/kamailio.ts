import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StartedProcess } from "../child-process.ts";
import { freePort, isUdpBound } from "../free-ports.ts";
import { eventually } from "../waiting.ts";

export type KamailioOptions = {
  /** SIP port of the server, where calls to it go. */
  readonly serverPort: number;
  /** Records itself without lr, as a router of RFC 2543 does. */
  readonly isStrict?: boolean;
};

/** Kamailio 5.6 as an outbound proxy that records its route. Which numbers lead where stands in test/interop/kamailio/proxy.cfg. */
export class Kamailio implements AsyncDisposable {
  readonly port: number;
  readonly #process: StartedProcess;
  readonly #folder: string;

  private constructor(port: number, process: StartedProcess, folder: string) {
    this.port = port;
    this.#process = process;
    this.#folder = folder;
  }

  /** Starts it and waits until its port is bound. */
  static async start({ serverPort, isStrict = false }: KamailioOptions): Promise<Kamailio> {
    const folder = await mkdtemp(join(tmpdir(), "cw-kamailio-"));
    const port = await freePort();
    const settings = {
      "-f": fileURLToPath(new URL("../../interop/kamailio/proxy.cfg", import.meta.url)),
      "-L": modulesFolder(),
      "-l": `udp:127.0.0.1:${port}`,
      "-w": folder,
      "-Y": folder,
      // MiB of shared and of private memory.
      "-m": "64",
      "-M": "8",
    };
    const definitions = [`SERVER="sip:127.0.0.1:${serverPort}"`, `SELF="sip:127.0.0.1:${port}"`, ...(isStrict ? ["STRICT"] : [])];
    const args = [...Object.entries(settings).flat(), ...definitions.flatMap((definition) => ["-A", definition]), "-DD", "-E"];
    const child = new StartedProcess("kamailio", args);
    const kamailio = new Kamailio(port, child, folder);
    try {
      await eventually(`Kamailio on port ${port}`, () => {
        if (child.hasExited) throw new Error(`Kamailio ended while starting:\n${child.output.slice(-3_000)}`);
        return isUdpBound(port);
      });
    } catch (error) {
      await kamailio[Symbol.asyncDispose]();
      throw error;
    }
    return kamailio;
  }

  /** What it wrote about itself; errors of its own stand there. */
  get output(): string {
    return this.#process.output;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop("SIGTERM");
    await rm(this.#folder, { recursive: true });
  }
}

/** Debian keeps them in a folder named after the processor. */
function modulesFolder(): string {
  const found = readdirSync("/usr/lib")
    .map((name) => `/usr/lib/${name}/kamailio/modules/`)
    .find(existsSync);
  if (found === undefined) throw new Error("the modules of Kamailio are in no folder of /usr/lib");
  return found;
}
