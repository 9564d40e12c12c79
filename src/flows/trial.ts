/** Runs a flow in a test as a call would: keeps the state, gives events, moves the time. */
import type { Json, ScriptContext, ScriptEvent, ScriptState, ScriptStep } from "../calls/index.ts";
import type { FlowDocument, FlowNode } from "./document.ts";
import { Flow } from "./flow.ts";
import { createScript, type ReadPlan } from "./script.ts";
import { validateFlow } from "./validation/validate.ts";

export const trialContext: ScriptContext = {
  call: {
    id: "c1",
    accountId: "a1",
    direction: "inbound",
    from: "+18144043093",
    to: "+302101234567",
    createdAt: 1000,
    data: { consented: "yes" },
    headers: { "x-customer": "42" },
    diversions: [{ number: "+302101234599", reason: "user-busy", count: 1 }],
  },
  caller: { number: "+18144043093", name: "Ada", isAnonymous: false },
  callee: { number: "+302101234567" },
  party: { id: "p1", role: "caller" },
};

export class Trial {
  state: ScriptState = { pin: { flowId: "f1", version: 1, hash: "h" }, node: "", visit: 0, wait: null, variables: {}, startedAt: 1000 };
  now = 1000;
  /** All so far. */
  readonly steps: ScriptStep[] = [];
  readonly #script;
  #flow: Flow;

  constructor(document: FlowDocument, readPlan?: ReadPlan) {
    this.#flow = new Flow(document);
    this.#script = createScript(() => this.#flow, readPlan);
  }

  give(event: ScriptEvent): ScriptStep | undefined {
    const step = this.#script.next(this.state, event, trialContext, this.now);
    if (step === undefined) return undefined;
    const { gathered } = step;
    if ("replace" in step) {
      const { pin, document } = step.replace;
      this.#flow = new Flow(document as FlowDocument);
      this.state = { ...this.state, pin, node: "", wait: null, variables: {}, ...(gathered && { gathered }) };
      let last = this.start();
      for (const digit of step.tones ?? "") last = this.give({ kind: "digit", digit }) ?? last;
      return last;
    }
    this.steps.push(step);
    const { node, visit, wait, set, gather, exit } = step;
    const changes = { ...(gather && { gather }), ...(gathered && { gathered }), ...(exit !== undefined && { exit }) };
    this.state = { ...this.state, node, visit, wait, variables: { ...this.state.variables, ...set }, ...changes };
    return step;
  }

  /** The request of this id ended with this answer. */
  answers(requestId: string, body: Json, status = 200): ScriptStep | undefined {
    return this.give({ kind: "request-ended", requestId, status, body, ...(status === 0 && { error: "timeout" }) });
  }

  start(): ScriptStep | undefined {
    return this.give({ kind: "started" });
  }

  /** Moves to the deadline of the wait and fires it. */
  deadline(): ScriptStep | undefined {
    this.now = this.state.wait?.deadlineAt ?? this.now;
    return this.give({ kind: "deadline" });
  }

  promptEnds(reason: "finished" | "digit" | "failed" | "stopped" = "finished"): ScriptStep | undefined {
    return this.give({ kind: "prompt-ended", promptId: `prompt-${this.state.visit}`, reason });
  }

  digits(text: string): ScriptStep | undefined {
    let last: ScriptStep | undefined;
    for (const digit of text) last = this.give({ kind: "digit", digit });
    return last;
  }
}

/** A flow of one node, none of whose exits is connected: it ends with the name of the exit taken. */
export function trialOf(node: FlowNode, variables: NonNullable<FlowDocument["variables"]> = {}): Trial {
  const document: FlowDocument = { start: "only", nodes: { only: node }, variables };
  const checked = validateFlow(document);
  if (!checked.ok) throw new Error(JSON.stringify(checked.mistakes));
  return new Trial(document);
}
