/** The OpenAPI 3.1 document, made from the routes' own schemas. */
import swagger from "@fastify/swagger";
import type { FastifyInstance } from "fastify";
import { type TSchema, Type } from "typebox";
import type { Problem } from "../contract/answers.ts";
import type { Access } from "../http/authorisation.ts";
import { callSchema } from "./schema/calls.ts";
import {
  apiKeySchema,
  createdApiKeySchema,
  flowSchema,
  lineSchema,
  numberSchema,
  phoneSchema,
  soundSchema,
  trunkSchema,
  userSchema,
} from "./schema/configuration.ts";
import { demoPhoneSchema } from "./schema/demo-phone.ts";
import { closed, component, listOf } from "./schema/parts.ts";
import { recordingSchema } from "./schema/recordings.ts";
import { sentMessageSchema } from "./schema/messages.ts";
import { callTraceSchema } from "./schema/traces.ts";
import { loginCookie } from "./routes/login.ts";

const problemSchema = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    code: Type.String({ description: "Stable, for programs." }),
    detail: Type.String(),
    errors: Type.Optional(
      listOf(Type.Object({ path: Type.String(), message: Type.String() }, closed), { description: "Where the request is wrong." }),
    ),
    requestId: Type.String(),
  },
  closed,
);

/** Shapes that answers name, by their name in the document. */
const components: Readonly<Record<string, TSchema>> = {
  Call: callSchema,
  Recording: recordingSchema,
  CallTrace: callTraceSchema,
  SentMessage: sentMessageSchema,
  Flow: flowSchema,
  Number: numberSchema,
  Sound: soundSchema,
  Trunk: trunkSchema,
  User: userSchema,
  Phone: phoneSchema,
  Line: lineSchema,
  ApiKey: apiKeySchema,
  CreatedApiKey: createdApiKeySchema,
  DemoPhone: demoPhoneSchema,
  Problem: problemSchema,
};

export async function describeRoutes(scope: FastifyInstance, version: string): Promise<void> {
  for (const [name, schema] of Object.entries(components)) scope.addSchema({ ...schema, $id: name });
  await scope.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Callwright",
        version,
        description:
          "Place, answer and control phone calls. Lists answer `items` and `nextCursor`; members that do not exist are refused; errors are problem+json with a stable `code`.",
      },
      components: {
        securitySchemes: {
          basic: { type: "http", scheme: "basic", description: "E-mail address and password." },
          cookie: { type: "apiKey", in: "cookie", name: loginCookie, description: "A login made by POST /v1/login." },
          key: { type: "http", scheme: "bearer", description: "An API key." },
        },
      },
      security: [{ basic: [] }, { cookie: [] }, { key: [] }],
    },
    refResolver: {
      buildLocalReference: (schema, _base, _fragment, index) => (typeof schema["$id"] === "string" ? schema["$id"] : `schema${index}`),
    },
    transform: ({ schema, url, route }) => {
      const access = route.config?.access ?? "authenticated";
      const described = {
        ...schema,
        description: [schema?.description, rolesSentence(access)].filter((text) => text !== undefined).join("\n\n"),
        ...(access === "anonymous" ? { security: [] } : {}),
        response: { ...describedAnswers(schema?.response), default: refused },
      };
      return { schema: described, url };
    },
  });
  scope.get("/v1/openapi.json", { config: { access: "anonymous" }, schema: { hide: true } }, async () => scope.swagger());
}

const refused = { description: "A refusal.", content: { "application/problem+json": { schema: component<Problem>("Problem") } } };

const answerWords: Readonly<Record<string, string>> = { 200: "Done.", 201: "Made.", 204: "Done; there is nothing to say." };

function describedAnswers(response: unknown): Record<string, unknown> {
  const answers = Object.entries((response as Record<string, object> | undefined) ?? { 200: {} });
  return Object.fromEntries(answers.map(([status, schema]) => [status, { description: answerWords[status], ...schema }]));
}

function rolesSentence(access: Access): string | undefined {
  if (access === "anonymous") return "Open to anyone.";
  return access === "authenticated" ? undefined : `Roles: ${access.join(", ")}.`;
}
