/**
 * The machine that runs a flow inside a call. It has no memory of its own: everything is in the call's ScriptState.
 *
 *     state                      guarantees
 *     not begun (node "")        no node of this document was entered
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
 *     any         a plan as an answer          not begun, with another document
 *
 * While tones are gathered (gathering.ts), some events do not reach the verb, and two waits are the machine's own:
 *     waiting     tone, verb with barge-in     waiting for the answer to what is posted, then exit `done`
 *     waiting     prompt cut by a tone         waiting for that tone, as it is told when it has ended
 *     waiting     entry complete, pause        waiting for the answer, then exit `done`
 *     ends        an answer is awaited         waiting for the answer, then ended
 */
import type {
  Gathered,
  GatherOrder,
  Json,
  Script,
  ScriptAction,
  ScriptContext,
  ScriptEvent,
  ScriptPin,
  ScriptReplacement,
  ScriptState,
  ScriptStep,
  ScriptWait,
} from "../calls/index.ts";
import type { FlowNode } from "./document.ts";
import type { Flow } from "./flow.ts";
import type { Scope } from "./expression/evaluator.ts";
import { type GatherStep, goOn, nothingGathered, submissionId, takeTone } from "./gathering.ts";
import { leave, type Plan, promptEnd, ScriptFault, type Turn, type Variables, type Visit } from "./verb.ts";
import { verbs } from "./verbs.ts";

/** Nodes that may be entered by one event; more is a loop in which nothing waits. */
const mostNodesAtOnce = 200;
/** Nodes that may be entered in one call; more is a loop that fails again and again. */
const mostVisits = 10_000;
/** Variables are part of the call's state and of its journal. */
const mostVariableCharacters = 65_536;

/** A tone is told when it has ended; that of a key held longer is taken as the next one. */
const longestToneMs = 5000;

/** The flow that an answer in this language is; undefined when it is none. */
export type ReadPlan = (format: string, answer: Json) => Plan | undefined;

/** A script over the flows that `find` knows; `find` throws SCRIPT_MISSING. */
export function createScript(find: (pin: ScriptPin) => Flow, readPlan: ReadPlan = () => undefined): Script {
  return {
    next(state, event, context, now) {
      const begins = event.kind === "started" && state.node === "";
      if (!begins && (state.node === null || state.wait === null)) return undefined;
      const run = new Run(find(state.pin), state, context, now, readPlan);
      return begins ? run.begin() : run.take(event);
    },
  };
}

/** Waits that are no verb's. `memory` of one for an answer: the exit that the flow ends with, or that a tone cut the verb short. */
const ownWait = { answer: "gathered-answer", tone: "gathered-tone", interrupted: "interrupted" } as const;

function exitAfter({ memory }: ScriptWait): string {
  return isExitMemory(memory) ? memory.exit : "done";
}

function isExitMemory(memory: Json | undefined): memory is { readonly exit: string } {
  return typeof memory === "object" && memory !== null && "exit" in memory;
}

/** The prompt that this node plays ends with a tone. */
function bargesIn(node: FlowNode): boolean {
  return (node.verb === "say" || node.verb === "play") && node.bargeIn === true;
}

/** One step, from an event to the next wait or the end. */
class Run {
  readonly #flow: Flow;
  readonly #state: ScriptState;
  readonly #context: ScriptContext;
  readonly #now: number;
  readonly #readPlan: ReadPlan;
  readonly #actions: ScriptAction[] = [];
  #set: Variables = {};
  #visit: number;
  #gather: GatherOrder | undefined;
  #gathered: Gathered | undefined;

  constructor(flow: Flow, state: ScriptState, context: ScriptContext, now: number, readPlan: ReadPlan) {
    this.#flow = flow;
    this.#state = state;
    this.#context = context;
    this.#now = now;
    this.#visit = state.visit;
    this.#readPlan = readPlan;
    this.#gather = state.gather;
    this.#gathered = state.gathered;
  }

  begin(): ScriptStep | ScriptReplacement {
    this.#set = this.#flow.document.variables ?? {};
    return this.#enter(this.#flow.document.start);
  }

  take(event: ScriptEvent): ScriptStep | ScriptReplacement | undefined {
    const { node: name, wait } = this.#state;
    const node = name === null ? undefined : this.#node(name);
    if (name === null || node === undefined || wait === null) return this.#end("error");
    const turn = this.#guard(() => this.#gathering(node, event, wait) ?? verbs[node.verb].on?.(node, event, wait, this.#visitNow()));
    return turn === undefined || turn === "nothing" ? undefined : this.#follow(name, node, turn);
  }

  /** What an event is for the tones that are gathered; undefined when it is the verb's. */
  #gathering(node: FlowNode, event: ScriptEvent, wait: ScriptWait): Turn | "nothing" | undefined {
    const [order, gathered] = [this.#gather, this.#gathered ?? nothingGathered];
    if (order === undefined) return undefined;
    if (event.kind === "request-ended" && gathered.isPending && event.requestId === submissionId(gathered)) {
      const plan = this.#visitNow().plan(order.format, event);
      if (plan !== undefined) {
        this.#gathered = { ...gathered, digits: "" };
        return { kind: "replace", plan };
      }
      this.#note(goOn(order, gathered, wait.memory === ownWait.interrupted));
      return wait.for === ownWait.answer && !this.#isAwaited ? leave(exitAfter(wait)) : { kind: "wait", wait };
    }
    const isTheirs = event.kind === "digit" && verbs[node.verb].keepsDigits === true && wait.for !== ownWait.answer;
    if (event.kind === "digit" && !isTheirs) return this.#tone(order, gathered, event.digit, node, wait);
    if (wait.for === ownWait.answer) return "nothing";
    if (wait.for === ownWait.tone) return event.kind === "deadline" ? leave("done") : "nothing";
    // The tone itself follows.
    const isCut = event.kind === "prompt-ended" && event.reason === "digit" && bargesIn(node);
    if (!isCut || promptEnd(event, this.#visitNow()) === undefined) return undefined;
    return { kind: "wait", wait: { for: ownWait.tone, deadlineAt: this.#now + longestToneMs } };
  }

  #tone(order: GatherOrder, gathered: Gathered, digit: string, node: FlowNode, wait: ScriptWait): Turn {
    const isPlaying = wait.for === "prompt" && bargesIn(node);
    const interrupts = isPlaying || wait.for === ownWait.tone;
    const { isEntry } = this.#note(takeTone(order, gathered, digit, interrupts));
    if (isPlaying) this.#actions.push({ kind: "stop-prompt", promptId: this.#visitNow().id("prompt") });
    if (interrupts) return { kind: "wait", wait: { for: ownWait.answer, memory: ownWait.interrupted } };
    if (isEntry && wait.for !== ownWait.answer && verbs[node.verb].endsWithEntry === true)
      return { kind: "wait", wait: { for: ownWait.answer } };
    return { kind: "wait", wait };
  }

  #note(step: GatherStep): GatherStep {
    this.#gathered = step.gathered;
    this.#actions.push(...step.posted);
    return step;
  }

  get #isAwaited(): boolean {
    return this.#gathered?.isPending === true;
  }

  #enter(first: string): ScriptStep | ScriptReplacement {
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

  #follow(name: string, node: FlowNode, turn: Turn): ScriptStep | ScriptReplacement {
    const next = this.#apply(name, node, turn);
    return typeof next === "string" ? this.#enter(next) : next;
  }

  /** The node that comes next, or the step when it is complete. */
  #apply(name: string, node: FlowNode, turn: Turn): string | ScriptStep | ScriptReplacement {
    if (turn.kind === "replace") return this.#replace(turn.plan);
    const { set, actions } = this.#bounded(turn);
    this.#set = { ...this.#set, ...set };
    this.#actions.push(...(actions ?? []));
    const isSound = set === turn.set;
    if (isSound && turn.kind === "wait") return this.#step({ node: name, wait: turn.wait });
    if (isSound && turn.kind === "leave" && turn.gather !== undefined) this.#gather = turn.gather;
    const exit = isSound && turn.kind === "leave" ? turn.exit : "error";
    const exits = node.exits ?? {};
    const next = Object.hasOwn(exits, exit) ? exits[exit] : undefined;
    if (next !== undefined) return next;
    // The answer may be what goes on.
    const isHeldOpen = this.#isAwaited && node.verb !== "hang-up";
    return isHeldOpen ? this.#step({ node: name, wait: { for: ownWait.answer, memory: { exit } } }) : this.#end(exit);
  }

  #replace({ document, hash }: Plan): ScriptReplacement {
    const replace = { pin: { flowId: "", version: 1, hash }, document };
    if (this.#gathered === undefined) return { replace };
    return { replace, gathered: { ...this.#gathered, ahead: "", isPending: false }, tones: this.#gathered.ahead };
  }

  /** The turn, or the fault of a turn whose variables would be too many. */
  #bounded(turn: Exclude<Turn, { kind: "replace" }>): Pick<Exclude<Turn, { kind: "replace" }>, "set" | "actions"> {
    if (turn.set === undefined || Object.keys(turn.set).length === 0) return turn;
    const size = JSON.stringify({ ...this.#variables(), ...turn.set }).length;
    return size <= mostVariableCharacters ? turn : { set: fault(this.#visit, "the variables are too large") };
  }

  #guard<T>(act: () => T): T | Turn {
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
    const gather = this.#gather !== this.#state.gather && { gather: this.#gather };
    const gathered = this.#gathered !== this.#state.gathered && { gathered: this.#gathered };
    return { ...at, visit: this.#visit, ...set, ...gather, ...gathered, actions: this.#actions } as ScriptStep;
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
      plan: (format, { status, body }) => (status >= 200 && status < 300 ? this.#readPlan(format, body) : undefined),
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
