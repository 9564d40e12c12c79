export { createFliteSynthesizer } from "./flite/synthesizer.ts";
