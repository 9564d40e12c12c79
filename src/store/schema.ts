/** The tables that are queried by builder. Tables of the directory are described in directory-tables.ts. */
import type { ColumnType, Generated } from "kysely";
import type { Call, CallEvent, Json } from "../calls/index.ts";
import type { AgentActivity } from "../queues/index.ts";
import type { StoredRecording } from "../recordings/index.ts";
import type { Binding } from "../sip/index.ts";

export type Tables = {
  /** Ended calls. */
  readonly calls: {
    readonly id: string;
    readonly accountId: string;
    readonly createdAt: number;
    readonly endedAt: number;
    readonly direction: "inbound" | "outbound";
    readonly fromNumber: string;
    readonly toNumber: string;
    readonly userIds: readonly string[];
    readonly result: string;
    readonly state: ColumnType<Call, string, string>;
  };
  readonly callEvents: {
    readonly accountId: string;
    readonly position: number;
    readonly index: number;
    readonly callId: string;
    readonly at: number;
    readonly event: ColumnType<CallEvent, string, string>;
  };
  /** One row. */
  readonly shipping: {
    readonly id: Generated<boolean>;
    /** Everything up to this position of the journal is here. */
    readonly cursor: number;
    /** Events up to this position were pruned. */
    readonly prunedTo: number;
  };
  /** Requests that are still owed. */
  readonly outbox: {
    readonly id: string;
    readonly accountId: string;
    readonly key: string;
    readonly position: number;
    readonly index: number;
    readonly url: string;
    readonly host: string;
    readonly body: ColumnType<Json, string, string>;
    readonly attempts: number;
    readonly dueAt: number;
  };
  readonly recordings: StoredRecording & {
    /** There is something to do for the finisher, at `dueAt`. */
    readonly isUnfinished: boolean;
    readonly attempts: number;
    readonly dueAt: number;
  };
  readonly bindings: {
    readonly phoneId: string;
    readonly contact: string;
    readonly binding: ColumnType<Binding, string, string>;
  };
  readonly agentStates: {
    readonly userId: string;
    readonly accountId: string;
    readonly isOnDuty: boolean;
    readonly activity: AgentActivity;
    readonly reason: string | null;
    readonly since: number;
  };
};
