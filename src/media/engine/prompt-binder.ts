import { CallwrightError, type Logger } from "../../kernel/index.ts";
import type { PlayableItem, PromptOrder } from "../orders.ts";
import type { EndpointPlan, MediaPlan, PromptItem, PromptPlan, PromptSource, SoundFormat } from "../plan.ts";
import { linearFormatOf, promptOf, soundFormatOf } from "../sound/sound-format.ts";

const noPrompts: readonly Bound[] = [];
type Bound = { readonly prompt: PromptPlan; readonly format: SoundFormat; order: PromptOrder | undefined };

/** Gets the sound of the prompts that plans name, and hands it on when it is there: each start of a prompt once for each format it is needed in. */
export class PromptBinder {
  readonly #prompts: PromptSource;
  readonly #logger: Logger;
  readonly #post: (order: PromptOrder) => void;
  /** By call, then endpoint: the prompts that its last plan names. */
  readonly #calls = new Map<string, Map<string, readonly Bound[]>>();

  constructor(prompts: PromptSource, logger: Logger, post: (order: PromptOrder) => void) {
    this.#prompts = prompts;
    this.#logger = logger;
    this.#post = post;
  }

  bind(callId: string, plan: MediaPlan): void {
    const before = this.#calls.get(callId);
    const now = new Map<string, readonly Bound[]>();
    const added: (readonly [string, Bound])[] = [];
    for (const endpoint of plan.endpoints) {
      const wanted = promptsOf(endpoint);
      if (wanted.length === 0) continue;
      const { endpointId } = endpoint;
      const known = before?.get(endpointId) ?? [];
      const bounds = wanted.map((bound) => known.find((other) => isSame(other, bound)) ?? bound);
      for (const bound of bounds) if (!known.includes(bound)) added.push([endpointId, bound]);
      now.set(endpointId, bounds);
    }
    if (now.size > 0) this.#calls.set(callId, now);
    else this.#calls.delete(callId);
    for (const [endpointId, bound] of added) void this.#prepare(callId, endpointId, bound);
  }

  /** Hands on again what is there: the worker of the call is a new one. */
  repeat(callId: string): void {
    for (const bounds of this.#calls.get(callId)?.values() ?? [])
      for (const { order } of bounds) if (order !== undefined) this.#post(order);
  }

  async #prepare(callId: string, endpointId: string, bound: Bound): Promise<void> {
    const { prompt, format } = bound;
    const { promptId, start, items } = prompt;
    const head = { kind: "prompt", callId, endpointId, promptId, start, format } as const;
    let order: PromptOrder;
    try {
      order = { ...head, items: await Promise.all(items.map((item) => this.#playable(item, format))) };
    } catch (cause) {
      this.#logger.warn({ callId, promptId, cause }, "A prompt could not be prepared.");
      order = { ...head, items: [], error: cause instanceof CallwrightError ? cause.code : "PROMPT_UNREADABLE" };
    }
    if (this.#calls.get(callId)?.get(endpointId)?.includes(bound) !== true) return;
    bound.order = order;
    this.#post(order);
  }

  async #playable(item: PromptItem, format: SoundFormat): Promise<PlayableItem> {
    if (item.kind === "silence" || item.kind === "tone" || item.kind === "network-tone") return item;
    return { kind: "file", path: (await this.#prompts.prepare(item, format)).path };
  }
}

/** An endpoint that is not decoded plays nothing, and says so itself. */
function promptsOf(endpoint: EndpointPlan): readonly Bound[] {
  const { codec, source, announcement } = endpoint;
  const prompt = promptOf(source);
  if (codec === undefined || (prompt === undefined && announcement === undefined)) return noPrompts;
  return [
    ...(prompt === undefined ? [] : [{ prompt, format: soundFormatOf(endpoint), order: undefined }]),
    ...(announcement === undefined ? [] : [{ prompt: announcement, format: linearFormatOf(codec), order: undefined }]),
  ];
}

function isSame(one: Bound, other: Bound): boolean {
  return one.format === other.format && one.prompt.promptId === other.prompt.promptId && one.prompt.start === other.prompt.start;
}
