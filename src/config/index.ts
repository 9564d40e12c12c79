export { type Config, loadConfig } from "./config.ts";
export { certificatesUnusable, listening } from "./listening.ts";
export { isWildcard, servesFamilyOf } from "./sip-listeners.ts";
