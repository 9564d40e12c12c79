export { type Config, loadConfig } from "./config.ts";
export { listening } from "./listening.ts";
