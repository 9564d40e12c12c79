import type { MediaOrder } from "../orders.ts";
import type { MediaEvent, PromptPlan, SoundFormat } from "../plan.ts";
import { Player } from "../sound/player.ts";
import type { EndpointContext } from "./context.ts";

type PromptOrder = Extract<MediaOrder, { kind: "prompt" }>;
type PromptEnd = Extract<MediaEvent, { kind: "prompt-ended" }>["reason"];

/** A place of an endpoint in which its plan can name a prompt: its source, or its announcement. Each prompt is begun once, and its end is told once. */
export class PromptSlot {
  readonly #context: Pick<EndpointContext, "prompts" | "logger">;
  readonly #emit: (event: MediaEvent) => void;
  /** The prompt that the plan names, also when it has ended: so it is not played again. */
  #player: Player | undefined;

  constructor(context: Pick<EndpointContext, "prompts" | "logger">, emit: (event: MediaEvent) => void) {
    this.#context = context;
    this.#emit = emit;
  }

  /** Present while sound of a prompt is there and goes on. */
  get playing(): Player | undefined {
    return this.#player?.isPlaying === true ? this.#player : undefined;
  }

  update(prompt: PromptPlan | undefined, format: SoundFormat): void {
    const player = this.#player;
    if (prompt === undefined || player?.isSame(prompt) !== true) {
      // The same prompt from another place is not a stop.
      if (player !== undefined && player.plan.promptId !== prompt?.promptId) this.#end(player, "stopped");
      this.#player = prompt === undefined ? undefined : new Player(prompt, format);
      return;
    }
    if (player.update(prompt)) this.#emit({ kind: "prompt-paused", promptId: prompt.promptId, playedMs: player.positionMs });
  }

  /** Sound for the prompt that the plan named. */
  provide({ promptId, start, format, items, error }: PromptOrder): void {
    const player = this.#player;
    if (player === undefined || player.isEnded || player.plan.promptId !== promptId || player.plan.start !== start) return;
    if (error !== undefined) this.#end(player, "failed", error);
    else void this.#load(player, player.load(items, format, this.#context.prompts));
  }

  /** A key of the peer went down. */
  bargeIn(): void {
    if (this.#player?.plan.bargeIn === true) this.#end(this.#player, "digit");
  }

  /** To be called after a frame was read: tells the end when it was the last. */
  readOne(player: Player): void {
    if (!player.isEnded) return;
    const { promptId } = player.plan;
    const failure =
      player.error === undefined ? { reason: "finished" as const } : { reason: "failed" as const, error: "PROMPT_UNREADABLE" };
    if (player.error !== undefined) this.#warn(player, player.error);
    this.#emit({ kind: "prompt-ended", promptId, playedMs: player.positionMs, ...failure });
  }

  async #load(player: Player, loading: Promise<void>): Promise<void> {
    try {
      await loading;
    } catch (cause) {
      this.#warn(player, cause);
      if (player === this.#player) this.#end(player, "failed", "PROMPT_UNREADABLE");
    }
  }

  #warn(player: Player, cause: unknown): void {
    this.#context.logger.warn({ promptId: player.plan.promptId, cause }, "The sound of a prompt could not be read.");
  }

  #end(player: Player, reason: Exclude<PromptEnd, "finished">, error?: string): void {
    if (player.isEnded) return;
    player.end();
    const { promptId } = player.plan;
    this.#emit({ kind: "prompt-ended", promptId, reason, playedMs: player.positionMs, ...(error !== undefined && { error }) });
  }
}
