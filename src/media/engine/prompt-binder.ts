import { CallwrightError, type Logger } from "../../kernel/index.ts";
import type { MediaOrder, PlayableItem } from "../orders.ts";
import type { MediaPlan, PromptItem, PromptPlan, PromptSource } from "../plan.ts";

type PromptOrder = Extract<MediaOrder, { kind: "prompt" }>;
type Bound = { readonly prompt: PromptPlan; order: PromptOrder | undefined };

/** Gets the sound of the prompts that plans name, and hands it on when it is there, each start of a prompt once. */
export class PromptBinder {
  readonly #prompts: PromptSource;
  readonly #logger: Logger;
  readonly #post: (order: PromptOrder) => void;
  /** By call, then endpoint: the prompt that its last plan names. */
  readonly #calls = new Map<string, Map<string, Bound>>();

  constructor(prompts: PromptSource, logger: Logger, post: (order: PromptOrder) => void) {
    this.#prompts = prompts;
    this.#logger = logger;
    this.#post = post;
  }

  bind(callId: string, plan: MediaPlan): void {
    const before = this.#calls.get(callId);
    const now = new Map<string, Bound>();
    for (const { endpointId, source } of plan.endpoints) {
      if (source.kind !== "prompt") continue;
      const known = before?.get(endpointId);
      if (known?.prompt.promptId === source.prompt.promptId && known.prompt.start === source.prompt.start) now.set(endpointId, known);
      else {
        const bound: Bound = { prompt: source.prompt, order: undefined };
        now.set(endpointId, bound);
        void this.#prepare(callId, endpointId, bound);
      }
    }
    if (now.size > 0) this.#calls.set(callId, now);
    else this.#calls.delete(callId);
  }

  /** Hands on again what is there: the worker of the call is a new one. */
  repeat(callId: string): void {
    for (const { order } of this.#calls.get(callId)?.values() ?? []) if (order !== undefined) this.#post(order);
  }

  async #prepare(callId: string, endpointId: string, bound: Bound): Promise<void> {
    const { promptId, start, items } = bound.prompt;
    const head = { kind: "prompt", callId, endpointId, promptId, start } as const;
    let order: PromptOrder;
    try {
      order = { ...head, items: await Promise.all(items.map((item) => this.#playable(item))) };
    } catch (cause) {
      this.#logger.warn({ callId, promptId, cause }, "A prompt could not be prepared.");
      order = { ...head, items: [], error: cause instanceof CallwrightError ? cause.code : "PROMPT_UNREADABLE" };
    }
    if (this.#calls.get(callId)?.get(endpointId) !== bound) return;
    bound.order = order;
    this.#post(order);
  }

  async #playable(item: PromptItem): Promise<PlayableItem> {
    if (item.kind === "silence" || item.kind === "tone") return item;
    return { kind: "file", files: (await this.#prompts.prepare(item)).files };
  }
}
