export { createFliteSynthesizer } from "./flite/synthesizer.ts";
export type { Synthesizer } from "./synthesizer.ts";
