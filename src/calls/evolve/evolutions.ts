import type { CallEventKind, EventOf } from "../events.ts";
import type { Call } from "../model.ts";

/** One function per event kind: the next state. */
export type Evolutions<K extends CallEventKind> = { readonly [P in K]: (call: Call, event: EventOf<P>) => Call };
