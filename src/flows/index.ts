export type { FlowDocument } from "./document.ts";
export { flowErrors } from "./errors.ts";
export { demoFlow } from "./examples.ts";
export { createHttpRequester } from "./http/requester.ts";
export { createScriptLibrary, type PlanFormats, type ScriptLibraryOptions } from "./library.ts";
export { validateFlow } from "./validation/validate.ts";
