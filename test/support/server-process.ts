import { join } from "node:path";
import { type ChildExit, StartedProcess } from "./child-process.ts";
import { createDataDirectory, removeDataDirectory } from "./data-directory.ts";
import { freePort, freePortRange } from "./free-ports.ts";
import { eventually } from "./waiting.ts";

export type Credentials = { readonly email: string; readonly password: string };

export type ServerOptions = {
  /** Settings over those chosen here. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How many legs it can have at a time; 20 when not given. */
  readonly legs?: number;
  /** Started by `npm start`, as a person does, rather than by its own command. */
  readonly throughNpm?: boolean;
};

export type HttpAnswer = {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly text: string;
  /** The body, when it is JSON. */
  json(): unknown;
};

const root = join(import.meta.dirname, "../..");

/** What `npm start` gives the server beside its settings: compiled code is kept, and memory that threads freed is not spread over eight pools each. */
export const startEnvironment = { NODE_COMPILE_CACHE: "node_modules/.cache/compile", MALLOC_ARENA_MAX: "2" } as const;

/** Callwright as a process of its own, on a data directory and ports of its own. Disposing it leaves nothing behind, the database included. */
export class ServerProcess implements AsyncDisposable {
  readonly url: string;
  readonly sipPort: number;
  readonly dataDirectory: string;
  readonly admin: Credentials = { email: "admin@example.test", password: "admin-password-1" };
  readonly user: Credentials = { email: "user@example.test", password: "user-password-1" };
  readonly application = { id: "5756a411e4b06a33d50517c7", secret: "application-secret-1" } as const;
  /** Its settings: what another process needs to become a second server like this one. */
  readonly environment: NodeJS.ProcessEnv;
  readonly #throughNpm: boolean;
  #process: StartedProcess;

  private constructor(
    dataDirectory: string,
    httpPort: number,
    sipPort: number,
    environment: Readonly<Record<string, string>>,
    throughNpm: boolean,
  ) {
    this.#throughNpm = throughNpm;
    this.dataDirectory = dataDirectory;
    this.url = `http://127.0.0.1:${httpPort}`;
    this.sipPort = sipPort;
    this.environment = {
      ...withoutSettings(process.env),
      ...startEnvironment,
      CALLWRIGHT_DATA_DIR: dataDirectory,
      CALLWRIGHT_HTTP_PORT: String(httpPort),
      CALLWRIGHT_SIP_PORT: String(sipPort),
      CALLWRIGHT_ADMIN_EMAIL: this.admin.email,
      CALLWRIGHT_ADMIN_PASSWORD: this.admin.password,
      CALLWRIGHT_USER_EMAIL: this.user.email,
      CALLWRIGHT_USER_PASSWORD: this.user.password,
      CALLWRIGHT_APP_ID: this.application.id,
      CALLWRIGHT_APP_SECRET: this.application.secret,
      ...environment,
    };
    this.#process = this.#launch();
  }

  /** Starts it and waits until it is ready for calls. */
  static async start(options: ServerOptions = {}): Promise<ServerProcess> {
    const rtpPorts = (options.legs ?? 20) * 2;
    const [firstRtpPort, firstPhonePort] = [await freePortRange(rtpPorts), await freePortRange(20)];
    const environment = {
      CALLWRIGHT_RTP_PORTS: `${firstRtpPort}-${firstRtpPort + rtpPorts - 1}`,
      CALLWRIGHT_DEMO_PHONE_PORT: String(await freePort()),
      CALLWRIGHT_DEMO_PHONE_RTP_PORTS: `${firstPhonePort}-${firstPhonePort + 19}`,
      ...options.environment,
    };
    const server = new ServerProcess(
      await createDataDirectory(),
      await freePort(),
      await freePort(),
      environment,
      options.throughNpm ?? false,
    );
    try {
      await server.#ready();
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
    return server;
  }

  /** Of the command that was started: npm's when started through it. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Everything it printed since it was last started. */
  get output(): string {
    return this.#process.output;
  }

  /** One HTTP request with Basic credentials and, when there is a body, JSON. */
  async request(method: string, path: string, body?: unknown, as: Credentials = this.admin): Promise<HttpAnswer> {
    const authorization = `Basic ${Buffer.from(`${as.email}:${as.password}`).toString("base64")}`;
    const response = await fetch(this.url + path, {
      method,
      redirect: "manual",
      headers: { authorization, accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const text = bytes.toString();
    return { status: response.status, headers: response.headers, bytes, text, json: () => JSON.parse(text) };
  }

  /** The same, and the answer must be a success. */
  async succeed(method: string, path: string, body?: unknown, as: Credentials = this.admin): Promise<HttpAnswer> {
    const answer = await this.request(method, path, body, as);
    if (answer.status < 200 || answer.status > 299) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer;
  }

  /** Asks it to end (SIGTERM) and waits for that. */
  async stop(): Promise<ChildExit> {
    this.#process.signal("SIGTERM");
    return await this.#process.waitForExit(20_000);
  }

  /** Kills it on the spot (SIGKILL): it alone, not its database. */
  async kill(): Promise<void> {
    this.#process.signal("SIGKILL");
    await this.#process.waitForExit();
  }

  /** Starts it again on the same data directory and ports; it must have ended. */
  async restart(): Promise<void> {
    if (!this.#process.hasExited) throw new Error("the server still runs");
    this.#process = this.#launch();
    await this.#ready();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop("SIGTERM", 10_000);
    await removeDataDirectory(this.dataDirectory);
  }

  #launch(): StartedProcess {
    const options = { cwd: root, env: this.environment };
    return this.#throughNpm
      ? new StartedProcess("npm", ["start"], options)
      : new StartedProcess(process.execPath, [join(root, "src/main.ts")], options);
  }

  async #ready(): Promise<void> {
    await eventually(
      `an answer of ${this.url}/healthz`,
      async () => {
        if (this.#process.hasExited) throw new Error(`the server ended while starting:\n${this.output.slice(-4_000)}`);
        return await fetch(`${this.url}/healthz`).then(
          (response) => response.status === 200,
          () => false,
        );
      },
      60_000,
    );
  }
}

/** Settings of the developer's shell must not reach the server under test. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("CALLWRIGHT_") && name !== "DATABASE_URL"));
}
