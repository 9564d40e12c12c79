/**
 * The machine that runs a flow inside a call. It has no memory of its own: everything is in the call's ScriptState.
 *
 *     state                      guarantees
 *     not begun (visit 0)        no node was entered
 *     waiting (node, wait)       the wait has a deadline, or an action was given whose end is an event
 *     ended (node null)          nothing happens any more; `exit` says how it ended
 *
 *     from        event                        to
 *     not begun   started                      the start node is entered
 *     waiting     one its verb understands     waiting in the same node, or an exit is taken
 *     waiting     any other                    unchanged: no step
 *     exit taken  connected                    the node it leads to is entered
 *     exit taken  not connected                ended with that exit
 *     entered     fault with these values      exit `error`, with the variable `error`
 */
import type { Json, Script, ScriptAction, ScriptContext, ScriptEvent, ScriptPin, ScriptState, ScriptStep } from "../calls/index.ts";
import type { FlowNode } from "./document.ts";
import type { Flow } from "./flow.ts";
import type { Scope } from "./expression/evaluator.ts";
import { leave, ScriptFault, type Turn, type Variables, type Visit } from "./verb.ts";
import { verbs } from "./verbs.ts";

/** Nodes that may be entered by one event; more is a loop in which nothing waits. */
const mostNodesAtOnce = 200;
/** Nodes that may be entered in one call; more is a loop that fails again and again. */
const mostVisits = 10_000;
/** Variables are part of the call's state and of its journal. */
const mostVariableCharacters = 65_536;

/** A script over the flows that `find` knows; `find` throws SCRIPT_MISSING. */
export function createScript(find: (pin: ScriptPin) => Flow): Script {
  return {
    next(state, event, context, now) {
      const begins = event.kind === "started" && state.visit === 0;
      if (!begins && (state.node === null || state.wait === null)) return undefined;
      const run = new Run(find(state.pin), state, context, now);
      return begins ? run.begin() : run.take(event);
    },
  };
}

/** One step, from an event to the next wait or the end. */
class Run {
  readonly #flow: Flow;
  readonly #state: ScriptState;
  readonly #context: ScriptContext;
  readonly #now: number;
  readonly #actions: ScriptAction[] = [];
  #set: Variables = {};
  #visit: number;

  constructor(flow: Flow, state: ScriptState, context: ScriptContext, now: number) {
    this.#flow = flow;
    this.#state = state;
    this.#context = context;
    this.#now = now;
    this.#visit = state.visit;
  }

  begin(): ScriptStep {
    this.#set = this.#flow.document.variables ?? {};
    return this.#enter(this.#flow.document.start);
  }

  take(event: ScriptEvent): ScriptStep | undefined {
    const { node: name, wait } = this.#state;
    const node = name === null ? undefined : this.#node(name);
    if (name === null || node === undefined || wait === null) return this.#end("error");
    const turn = this.#guard(() => verbs[node.verb].on?.(node, event, wait, this.#visitNow()));
    return turn && this.#follow(name, node, turn);
  }

  #enter(first: string): ScriptStep {
    let name = first;
    for (let entered = 0; entered < mostNodesAtOnce && this.#visit < mostVisits; entered++) {
      const node = this.#node(name);
      if (node === undefined) return this.#fail(`there is no node ${name}`);
      this.#visit++;
      const turn = this.#guard(() => verbs[node.verb].enter(node, this.#visitNow())) ?? leave("error");
      const next = this.#apply(name, node, turn);
      if (typeof next !== "string") return next;
      name = next;
    }
    return this.#fail("the flow goes round without end");
  }

  #follow(name: string, node: FlowNode, turn: Turn): ScriptStep {
    const next = this.#apply(name, node, turn);
    return typeof next === "string" ? this.#enter(next) : next;
  }

  /** The node that comes next, or the step when it is complete. */
  #apply(name: string, node: FlowNode, turn: Turn): string | ScriptStep {
    const { set, actions } = this.#bounded(turn);
    this.#set = { ...this.#set, ...set };
    this.#actions.push(...(actions ?? []));
    const settled = set === turn.set ? turn : leave("error");
    if (settled.kind === "wait") return this.#step({ node: name, wait: settled.wait });
    const exits = node.exits ?? {};
    return (Object.hasOwn(exits, settled.exit) ? exits[settled.exit] : undefined) ?? this.#end(settled.exit);
  }

  /** The turn, or the fault of a turn whose variables would be too many. */
  #bounded(turn: Turn): Pick<Turn, "set" | "actions"> {
    if (turn.set === undefined || Object.keys(turn.set).length === 0) return turn;
    const size = JSON.stringify({ ...this.#variables(), ...turn.set }).length;
    return size <= mostVariableCharacters ? turn : { set: fault(this.#visit, "the variables are too large") };
  }

  #guard(act: () => Turn | undefined): Turn | undefined {
    try {
      return act();
    } catch (error) {
      if (error instanceof ScriptFault) return leave("error", fault(this.#visit, error.message));
      throw error;
    }
  }

  #fail(reason: string): ScriptStep {
    this.#set = { ...this.#set, ...fault(this.#visit, reason) };
    return this.#end("error");
  }

  #end(exit: string): ScriptStep {
    return this.#step({ node: null, wait: null, exit });
  }

  #step(at: Pick<ScriptStep, "node" | "wait" | "exit">): ScriptStep {
    const set = Object.keys(this.#set).length > 0 && { set: this.#set };
    return { ...at, visit: this.#visit, ...set, actions: this.#actions };
  }

  #node(name: string): FlowNode | undefined {
    const { nodes } = this.#flow.document;
    return Object.hasOwn(nodes, name) ? nodes[name] : undefined;
  }

  #variables(): Variables {
    return { ...this.#state.variables, ...this.#set };
  }

  #visitNow(): Visit {
    const scope: Scope = { ...this.#variables(), ...this.#context };
    const flow = this.#flow;
    const visit: Visit = {
      now: this.#now,
      id: (purpose) => `${purpose}-${this.#visit}`,
      render: (source) => flow.render(source, scope),
      renderAll: (value) => renderAll(value, visit),
      evaluate: (source, set) => flow.evaluate(source, set === undefined ? scope : { ...scope, ...set }),
    };
    return visit;
  }
}

function renderAll(value: Json, visit: Visit): Json {
  if (typeof value === "string") return visit.render(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Json) => renderAll(item, visit));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, renderAll(inner, visit)]));
}

function fault(visit: number, reason: string): Variables {
  return { error: { visit, reason } };
}
