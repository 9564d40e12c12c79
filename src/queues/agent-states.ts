/** What agents are doing, as they or their desktops say. Kept in memory for reading, and in a store for the next start. */

/** wrap-up: the work after a call. auxiliary: other work. offline: not to be reached, on duty or not. */
export type AgentActivity = "ready" | "not-ready" | "wrap-up" | "auxiliary" | "offline";

export type AgentState = {
  readonly accountId: string;
  /** The user that this agent is. */
  readonly userId: string;
  /** Whether the agent has begun a shift and not ended it. */
  readonly isOnDuty: boolean;
  readonly activity: AgentActivity;
  /** Why the agent is not ready, in the agent's own word. */
  readonly reason?: string;
  /** When this began, epoch milliseconds; 0 for an agent that was never on duty. */
  readonly since: number;
};

export type AgentStateChange = { readonly before: AgentState; readonly after: AgentState };

export type AgentStates = {
  /** Off duty and offline when nothing was ever set. */
  get(accountId: string, userId: string): AgentState;
  /**
   * Resolves when the state is stored, and only then it shows. States of one agent follow each other in the order of the calls. Throws
   * what the store throws.
   */
  set(state: AgentState): Promise<void>;
  /** Every change from now on. The handler must not throw. */
  watch(handler: (change: AgentStateChange) => void): { close(): void };
};

/** Implemented by the store. */
export type AgentStateStore = {
  load(): Promise<readonly AgentState[]>;
  /** Throws DIRECTORY_UNAVAILABLE when the database is away, DIRECTORY_GONE when the user is. */
  save(state: AgentState): Promise<void>;
};

export async function loadAgentStates(store: AgentStateStore): Promise<AgentStates> {
  return new StoredAgentStates(store, await store.load());
}

class StoredAgentStates implements AgentStates {
  readonly #store: AgentStateStore;
  /** By user: user ids are unique in the server. */
  readonly #states: Map<string, AgentState>;
  /** The last write of each agent that has one under way. */
  readonly #writes = new Map<string, Promise<void>>();
  readonly #watchers = new Set<(change: AgentStateChange) => void>();

  constructor(store: AgentStateStore, states: readonly AgentState[]) {
    this.#store = store;
    this.#states = new Map(states.map((state) => [state.userId, state]));
  }

  get(accountId: string, userId: string): AgentState {
    const known = this.#states.get(userId);
    return known?.accountId === accountId ? known : { accountId, userId, isOnDuty: false, activity: "offline", since: 0 };
  }

  async set(state: AgentState): Promise<void> {
    const earlier = this.#writes.get(state.userId);
    const write = (earlier ?? Promise.resolve()).catch(() => undefined).then(() => this.#write(state));
    this.#writes.set(state.userId, write);
    try {
      await write;
    } finally {
      if (this.#writes.get(state.userId) === write) this.#writes.delete(state.userId);
    }
  }

  watch(handler: (change: AgentStateChange) => void): { close(): void } {
    this.#watchers.add(handler);
    return { close: () => void this.#watchers.delete(handler) };
  }

  async #write(state: AgentState): Promise<void> {
    await this.#store.save(state);
    const before = this.get(state.accountId, state.userId);
    this.#states.set(state.userId, state);
    for (const watcher of this.#watchers) watcher({ before, after: state });
  }
}
