import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { WebSocket } from "ws";
import { StartedProcess } from "../child-process.ts";
import { memberOf } from "../waiting.ts";

/** Longest a command of the DevTools protocol may take. */
const commandTimeoutMs = 20_000;

/** Chromium without a screen, driven over the DevTools protocol (https://chromedevtools.github.io/devtools-protocol). */
export class Chromium implements AsyncDisposable {
  readonly #process: StartedProcess;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (answer: unknown) => void>();
  #commands = 0;

  private constructor(process: StartedProcess, folder: string, socket: WebSocket) {
    this.#process = process;
    this.#folder = folder;
    this.#socket = socket;
    socket.on("message", (data: Buffer) => {
      // Commands get their id back; events of the protocol have none, and none is asked for.
      const message: unknown = JSON.parse(data.toString());
      const id = Number(memberOf(message, "id"));
      this.#answers.get(id)?.(message);
      this.#answers.delete(id);
    });
    socket.on("error", () => undefined);
  }

  static async start(): Promise<Chromium> {
    const folder = await mkdtemp(join(tmpdir(), "cw-chromium-"));
    const child = new StartedProcess(
      "chromium",
      [
        "--headless=new",
        "--remote-debugging-port=0",
        `--user-data-dir=${folder}`,
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Its sandbox refuses to run as root.
        ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
        "about:blank",
      ],
      { env: { ...process.env, HOME: folder } },
    );
    try {
      const [, url = ""] = await child.waitForOutput(/DevTools listening on (ws:\S+)/, 30_000);
      const socket = new WebSocket(url);
      await once(socket, "open");
      return new Chromium(child, folder, socket);
    } catch (error) {
      await child.stop("SIGKILL");
      throw error;
    }
  }

  /** A new tab with this page; its scripts may still be running. */
  async open(url: string): Promise<Page> {
    const target = await this.#command("Target.createTarget", { url });
    const attached = await this.#command("Target.attachToTarget", { targetId: memberOf(target, "targetId"), flatten: true });
    const sessionId = String(memberOf(attached, "sessionId"));
    return new Page((expression) => this.#command("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true }, sessionId));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#process.stop("SIGTERM");
    // Its helpers may still write for a moment.
    await rm(this.#folder, { recursive: true, maxRetries: 20, retryDelay: 100 });
  }

  async #command(method: string, params: object, sessionId?: string): Promise<unknown> {
    const id = ++this.#commands;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#answers.set(id, resolve);
    const timer = setTimeout(() => reject(new Error(`chromium: no answer to ${method}`)), commandTimeoutMs);
    this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) }));
    try {
      const answer = await promise;
      const error = memberOf(answer, "error");
      if (error !== undefined) throw new Error(`chromium refused ${method}: ${JSON.stringify(error)}`);
      return memberOf(answer, "result");
    } finally {
      clearTimeout(timer);
      this.#answers.delete(id);
    }
  }
}

/** One tab. */
export class Page {
  readonly #evaluate: (expression: string) => Promise<unknown>;

  constructor(evaluate: (expression: string) => Promise<unknown>) {
    this.#evaluate = evaluate;
  }

  /** The value of an expression in the page, as JSON carries it; a promise is waited for. Fails when it throws. */
  async evaluate(expression: string): Promise<unknown> {
    const outcome = await this.#evaluate(expression);
    const exception = memberOf(outcome, "exceptionDetails");
    if (exception !== undefined) {
      const description = memberOf(memberOf(exception, "exception"), "description") ?? memberOf(exception, "text");
      throw new Error(`the page threw at ${expression}: ${String(description)}`);
    }
    return memberOf(memberOf(outcome, "result"), "value");
  }
}
