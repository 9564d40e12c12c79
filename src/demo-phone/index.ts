export { type DemoPhone, startDemoPhone } from "./demo-phone.ts";
