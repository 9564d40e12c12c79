import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createViteServer } from "vitest/node";
import { eventually } from "../waiting.ts";
import { Chromium, type Page } from "./chromium.ts";
import { parseSipMessage, type TracedMessage } from "./sip-trace.ts";

export type BrowserAccount = {
  /** ws: URL of a listener of the server. */
  readonly url: string;
  readonly uri: string;
  readonly password: string;
};

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Serves the page of test/interop/browser-phone, with JsSIP made into a module of the browser, and opens phones on it. */
export class BrowserPhones implements AsyncDisposable {
  readonly #chromium: Chromium;
  readonly #pages: Awaited<ReturnType<typeof createViteServer>>;
  readonly #cache: string;

  private constructor(chromium: Chromium, pages: Awaited<ReturnType<typeof createViteServer>>, cache: string) {
    this.#chromium = chromium;
    this.#pages = pages;
    this.#cache = cache;
  }

  static async start(): Promise<BrowserPhones> {
    const cacheDir = await mkdtemp(join(tmpdir(), "cw-pages-"));
    const pages = await createViteServer({
      configFile: false,
      root,
      cacheDir,
      logLevel: "error",
      server: { host: "127.0.0.1", port: 0, hmr: false, watch: null },
      optimizeDeps: { include: ["jssip"] },
    });
    try {
      await pages.listen();
      return new BrowserPhones(await Chromium.start(), pages, cacheDir);
    } catch (error) {
      await pages.close();
      throw error;
    }
  }

  /** A phone in a tab of its own, with this account; it has begun to sign in. */
  async open(account: BrowserAccount): Promise<BrowserPhone> {
    const [url] = this.#pages.resolvedUrls?.local ?? [];
    const phone = new BrowserPhone(await this.#chromium.open(`${url}test/interop/browser-phone/index.html`));
    await phone.start(account);
    return phone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chromium[Symbol.asyncDispose]();
    await this.#pages.close();
    await rm(this.#cache, { recursive: true });
  }
}

/** JsSIP in one tab. What it does is told by events in words; see test/interop/browser-phone/phone.js. */
export class BrowserPhone {
  readonly #page: Page;
  /** How many events have been heard. */
  #heard = 0;

  constructor(page: Page) {
    this.#page = page;
  }

  async start(account: BrowserAccount): Promise<void> {
    await eventually("the page", async () => (await this.#page.evaluate("window.phone !== undefined")) === true, 20_000);
    await this.#page.evaluate(`phone.start(${JSON.stringify(account)})`);
  }

  async do(action: "answer" | "hangUp" | "hold" | "reject" | "stop" | "unhold"): Promise<void> {
    await this.#page.evaluate(`phone.${action}()`);
  }

  async call(target: string): Promise<void> {
    await this.#page.evaluate(`phone.call(${JSON.stringify(target)})`);
  }

  /** Presses digits by INFO. */
  async press(digits: string): Promise<void> {
    await this.#page.evaluate(`phone.press(${JSON.stringify(digits)})`);
  }

  async events(): Promise<readonly string[]> {
    return (await this.#page.evaluate("phone.events")) as readonly string[];
  }

  /** Waits for an event after those heard before; others in between are passed over. */
  async hears(event: string | RegExp, timeoutMs = 10_000): Promise<string> {
    const isWanted = (text: string) => (typeof event === "string" ? text === event : event.test(text));
    try {
      return await eventually(
        `browser: ${String(event)}`,
        async () => {
          const later = (await this.events()).slice(this.#heard);
          const at = later.findIndex(isWanted);
          if (at < 0) return undefined;
          this.#heard += at + 1;
          return later[at];
        },
        timeoutMs,
      );
    } catch (error) {
      throw new Error(`the browser heard only: ${(await this.events()).join(", ")}`, { cause: error });
    }
  }

  /** What was on the wire until now, in order. */
  async messages(): Promise<readonly TracedMessage[]> {
    const found = (await this.#page.evaluate("phone.messages")) as readonly { direction: "sent" | "received"; text: string }[];
    // Pings and pongs of RFC 5626 are no messages.
    return found.filter(({ text }) => text.trim() !== "").map(({ text, direction }) => parseSipMessage(text, direction));
  }
}
