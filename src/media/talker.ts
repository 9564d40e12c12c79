import type { Hearing } from "./endpoint/hearing.ts";
import type { EndpointPlan } from "./plan.ts";

/** What a mix sees of an endpoint: what it is to hear, and what its peer says while somebody listens. */
export type Talker = { readonly plan: EndpointPlan; readonly hearing: Hearing | undefined };
