/** What an order for a call comes to: whom to ring, what they are shown, and what runs; or why not. */
import { type Directory, isE164 } from "../directory/index.ts";
import type { Ids } from "../kernel/index.ts";
import { parseFreeHeaders } from "../sip/index.ts";
import type { Detection, Dial, GivenFlow, Originate } from "./calls.ts";
import type { OriginateInput } from "./decide/inputs.ts";
import { requireFitting } from "./user-data.ts";
import { callRefusal } from "./errors.ts";
import type { DetectionOrder, Limits, ScriptPin } from "./model.ts";
import { anonymous } from "./presentation.ts";
import type { Routing } from "./routing.ts";
import type { ScriptLibrary } from "./script.ts";

type OrdersOptions = {
  readonly ids: Ids;
  readonly directory: Directory;
  readonly routing: Routing;
  readonly scripts: ScriptLibrary;
  /** Of calls that say nothing else. */
  readonly limits: Limits;
};

const usualCutOffMs = 5000;
/** At least one letter: a number must be owned, whatever is put into it. */
const callerName = /^(?=.*[A-Za-z])[A-Za-z0-9 ._-]{1,32}$/;

type CalledAddress = Exclude<Originate["to"], string>;
type ScriptDocument = { readonly pin: ScriptPin; readonly document: unknown };

export class Orders {
  readonly #options: OrdersOptions;

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  dial(accountId: string, { by, to, callerId, userData, data }: Dial): OriginateInput {
    const { directory, ids, limits, routing } = this.#options;
    const user = directory.users.get(accountId, by);
    const destination = routing.destination(accountId, to);
    if (user === undefined || destination === undefined) throw callRefusal("CALL_DESTINATION_UNKNOWN", { to });
    if (destination.kind === "user" && destination.userId === by) {
      throw callRefusal("CALL_DESTINATION_UNKNOWN", { to, reason: "This is the user's own extension." });
    }
    if (callerId !== undefined) this.requireOwned(accountId, callerId);
    if (userData !== undefined) requireFitting(userData);
    const first = routing.addressOfUser(user);
    const shown = callerId ?? routing.shownTo(destination, first, accountId) ?? anonymous;
    return {
      kind: "originate",
      callId: ids.next(),
      accountId,
      origin: { kind: "request", by },
      from: shown,
      to,
      role: "caller",
      first,
      autoAnswer: true,
      leadsTo: { kind: "dial", to: destination, callerId: shown },
      limits,
      ...(data && { data }),
      ...(userData && { userData }),
      ...(shown === anonymous && { identity: { isAnonymous: true } }),
    };
  }

  originate(accountId: string, request: Originate): OriginateInput {
    const { ids, limits } = this.#options;
    const { by, callback, detection, ringMs = limits.ringMs, totalMs = limits.totalMs, data, headers } = request;
    const first: CalledAddress = typeof request.to === "string" ? { kind: "number", number: request.to } : request.to;
    const flow = this.#flowChosen(accountId, request);
    this.#requireCallable(accountId, first);
    const from = this.#presented(accountId, request.callerId);
    requireFree(headers);
    const pin = this.#kept(flow);
    return {
      kind: "originate",
      callId: ids.next(),
      accountId,
      origin: { kind: "request", by },
      from,
      to: first.kind === "number" ? first.number : first.uri,
      limits: { ringMs, totalMs },
      role: "callee",
      first,
      autoAnswer: false,
      leadsTo: { kind: "script", pin },
      ...(data && { data }),
      ...(callback !== undefined && { callback }),
      ...(detection && { detection: this.#detectionOf(detection) }),
      ...(from === anonymous && { identity: { isAnonymous: true } }),
      ...(headers && { headers }),
    };
  }

  #flowChosen(accountId: string, request: Originate): ScriptDocument {
    if ("flow" in request) return givenFlow(request.flow);
    const { flowId } = request;
    const flow = this.#options.directory.flows.get(accountId, flowId);
    if (flow === undefined) throw callRefusal("CALL_FLOW_UNKNOWN", { flowId });
    return { pin: { flowId, version: flow.version, hash: flow.hash }, document: flow.document };
  }

  #kept({ pin, document }: ScriptDocument): ScriptPin {
    this.#options.scripts.keep(pin, document);
    return pin;
  }

  #detectionOf({ cutOffMs = usualCutOffMs, ...rest }: Detection): DetectionOrder {
    if (rest.strategy === "hang-up") return { cutOffMs, strategy: "hang-up" };
    return { cutOffMs, strategy: "continue", script: this.#kept(givenFlow(rest.flow)) };
  }

  /** Throws CALL_NUMBER_INVALID or CALL_HOST_NOT_ALLOWED. */
  #requireCallable(accountId: string, to: CalledAddress): void {
    if (to.kind === "number" && !isE164(to.number)) throw callRefusal("CALL_NUMBER_INVALID", { to: to.number });
    if (to.kind === "uri" && !this.#options.routing.mayCall(accountId, to.uri)) throw callRefusal("CALL_HOST_NOT_ALLOWED", { to: to.uri });
  }

  /** What the called side is shown. Throws CALL_CALLER_ID_NOT_OWNED or CALL_CALLER_ID_INVALID. */
  #presented(accountId: string, callerId: Originate["callerId"]): string {
    if (typeof callerId !== "string") {
      if (!callerName.test(callerId.name)) throw callRefusal("CALL_CALLER_ID_INVALID", { callerId: callerId.name });
      return callerId.name;
    }
    this.requireOwned(accountId, callerId);
    return callerId;
  }

  /** Only numbers of the account may be presented, or none. Throws CALL_CALLER_ID_NOT_OWNED. */
  requireOwned(accountId: string, callerId: string): void {
    if (callerId !== anonymous && this.#options.directory.numbers.byNumber(callerId)?.accountId !== accountId)
      throw callRefusal("CALL_CALLER_ID_NOT_OWNED", { callerId });
  }
}

/** Throws CALL_HEADER_INVALID. */
function requireFree(headers: Originate["headers"]): void {
  const fields = parseFreeHeaders(headers ?? {});
  if (!fields.ok) throw callRefusal("CALL_HEADER_INVALID", { message: fields.reason });
}

/** A document that came with the order: no row has it. */
function givenFlow({ document, hash }: GivenFlow): ScriptDocument {
  return { pin: { flowId: "", version: 1, hash }, document };
}
