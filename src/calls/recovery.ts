/** From the journal of a former process to the states its calls were in. */
import type { Logger } from "../kernel/index.ts";
import { evolve } from "./evolve/evolve.ts";
import type { Journal } from "./journal-port.ts";
import type { Call } from "./model.ts";
import { isOver } from "./parts.ts";

export type Recovered = {
  readonly call: Call;
  readonly position: number;
  readonly commandIds: readonly string[];
  readonly createdBy: string | undefined;
};

type Replaying = { call: Call | undefined; position: number; readonly commandIds: string[]; readonly createdBy: string | undefined };

/** Every call that somebody is still owed something by, oldest first. A call whose stream cannot be replayed is left out and named in the log. */
export async function replay(journal: Journal, log: Logger): Promise<readonly Recovered[]> {
  const calls = new Map<string, Replaying>();
  const broken = new Set<string>();
  for await (const record of journal.recover()) {
    for (const { callId, seq, events } of record.streams) {
      if (broken.has(callId)) continue;
      const replaying = calls.get(callId) ?? { call: undefined, position: record.position, commandIds: [], createdBy: record.commandId };
      calls.set(callId, replaying);
      try {
        if ((replaying.call?.seq ?? 0) !== seq - 1) throw new Error(`Event ${seq} follows event ${replaying.call?.seq ?? 0}`);
        for (const event of events) replaying.call = evolve(replaying.call, event);
        replaying.position = record.position;
        if (record.commandId !== undefined) replaying.commandIds.push(record.commandId);
      } catch (error) {
        log.error({ err: error, callId, position: record.position }, "A call cannot be replayed and is set aside");
        broken.add(callId);
        calls.delete(callId);
      }
    }
  }
  return [...calls.values()].flatMap(({ call, ...rest }) => (call === undefined || isOver(call) ? [] : [{ call, ...rest }]));
}
