export { evoDialect } from "./dialect/evo/dialect.ts";
export { Logins } from "./http/login.ts";
export type { MetricSample } from "./http/metrics.ts";
export { phoneRealm, phoneSecrets } from "./http/phone-secrets.ts";
export { createHttpServer, type HttpServer } from "./http/server.ts";
export type { DemoPhoneControl } from "./native/demo-phone.ts";
export { nativeDialect } from "./native/dialect.ts";
