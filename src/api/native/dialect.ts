/** The server's own API, under /v1, with its OpenAPI document and the page that shows it. */
import type { FastifyInstance } from "fastify";
import type { Asking, Dialect } from "../http/dialect.ts";
import { registerDocs } from "./docs/docs.ts";
import { describeRoutes } from "./open-api.ts";
import type { NativeContext, NativeOptions, NativeScope } from "./options.ts";
import { answerProblem } from "./problem.ts";
import { registerApiKeys } from "./routes/api-keys.ts";
import { registerCallParties } from "./routes/call-parties.ts";
import { registerCallPlayback } from "./routes/call-playback.ts";
import { registerCallTraces } from "./routes/call-traces.ts";
import { registerCalls } from "./routes/calls.ts";
import { registerDemoPhone } from "./routes/demo-phone.ts";
import { registerEvents } from "./routes/events.ts";
import { registerFlows } from "./routes/flows.ts";
import { registerLines } from "./routes/lines.ts";
import { loginCookie, registerLogin } from "./routes/login.ts";
import { registerMessages } from "./routes/messages.ts";
import { registerNumbers } from "./routes/numbers.ts";
import { registerPhones } from "./routes/phones.ts";
import { registerRecordings } from "./routes/recordings.ts";
import { registerSounds } from "./routes/sounds.ts";
import { registerTrunks } from "./routes/trunks.ts";
import { registerUsers } from "./routes/users.ts";
import { compileSchema } from "./validation.ts";

export function nativeDialect(options: NativeOptions): Dialect {
  return {
    name: "native",
    prefixes: ["/v1", "/docs"],
    loginCookies: [loginCookie],
    answerRefusal: answerProblem,
    async register(scope, asking: Asking) {
      readJson(scope);
      scope.setValidatorCompiler(compileSchema);
      scope.setSerializerCompiler(() => JSON.stringify);
      await describeRoutes(scope, options.version);
      const context: NativeContext = { ...options, asking };
      await scope.register(async (v1) => registerRoutes(v1.withTypeProvider(), context), { prefix: "/v1" });
      registerDocs(scope);
    },
  };
}

/** In the order in which the document lists them. */
function registerRoutes(scope: NativeScope, context: NativeContext): void {
  registerCalls(scope, context);
  registerCallParties(scope, context);
  registerCallPlayback(scope, context);
  registerRecordings(scope, context);
  registerCallTraces(scope, context);
  registerEvents(scope, context);
  registerMessages(scope, context);
  registerFlows(scope, context);
  registerNumbers(scope, context);
  registerSounds(scope, context);
  registerTrunks(scope, context);
  registerUsers(scope, context);
  registerPhones(scope, context);
  registerLines(scope, context);
  registerApiKeys(scope, context);
  registerLogin(scope, context);
  registerDemoPhone(scope, context);
}

/** JSON only. An empty body is null, so that orders without members need none. */
function readJson(scope: FastifyInstance): void {
  const parse = scope.getDefaultJsonParser("error", "error");
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("application/json", { parseAs: "string" }, (request, body: string, done) => {
    if (body === "") done(null, null);
    else void parse(request, body, done);
  });
}
