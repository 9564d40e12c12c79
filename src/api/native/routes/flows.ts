import { Type } from "typebox";
import type { Flow } from "../../../directory/index.ts";
import { validateFlow } from "../../../flows/index.ts";
import type { Mistake } from "../../contract/answers.ts";
import type { FlowView } from "../../contract/configuration.ts";
import { principalOf } from "../../http/authorisation.ts";
import { apiRefusal } from "../../http/errors.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { entryOf, listRows, removeRow, rowOf } from "../rows.ts";
import { flowChangeSchema, newFlowSchema } from "../schema/configuration.ts";
import { closed, component, idParams, pageOf, pageQuery } from "../schema/parts.ts";

const config = { access: ["administrator", "manager"] } as const;
const tags = ["Flows"];
const ifMatch = Type.Object({
  "if-match": Type.Optional(
    Type.String({ maxLength: 100, description: "The ETag that was read: refused when the flow changed meanwhile." }),
  ),
});
const answersFlow = { 200: component<FlowView>("Flow") };

export function registerFlows(scope: NativeScope, { directory, clock, ids }: NativeContext): void {
  const { flows, numbers } = directory;

  scope.get(
    "/flows",
    {
      config,
      schema: { tags, summary: "List flows", querystring: Type.Object(pageQuery, closed), response: { 200: pageOf<FlowView>("Flow") } },
    },
    async (request) => listRows(flows, principalOf(request).accountId, request.query, viewOf),
  );

  scope.post(
    "/flows",
    { config, schema: { tags, summary: "Add a flow", body: newFlowSchema, response: { 201: component<FlowView>("Flow") } } },
    async (request, reply) => {
      const now = clock.now();
      const { accountId } = principalOf(request);
      const { name } = request.body;
      const { document, hash, warnings } = checked(request.body.document);
      const flow: Flow = { id: ids.next(), accountId, createdAt: now, updatedAt: now, name, version: 1, document, hash };
      await flows.insert(flow);
      reply.code(201).headers({ location: `/v1/flows/${flow.id}`, etag: etagOf(flow) });
      return { ...viewOf(flow), warnings };
    },
  );

  scope.get(
    "/flows/:id",
    { config, schema: { tags, summary: "Show a flow", params: idParams, response: answersFlow } },
    async (request, reply) => {
      const flow = rowOf(flows, principalOf(request).accountId, request.params.id);
      reply.header("etag", etagOf(flow));
      return viewOf(flow);
    },
  );

  scope.patch(
    "/flows/:id",
    {
      config,
      schema: {
        tags,
        summary: "Change a flow",
        description: "Calls that run it keep the version with which they began.",
        headers: ifMatch,
        params: idParams,
        body: flowChangeSchema,
        response: answersFlow,
      },
    },
    async (request, reply) => {
      const flow = rowOf(flows, principalOf(request).accountId, request.params.id);
      const expected = request.headers["if-match"];
      if (expected !== undefined && expected !== "*" && expected !== etagOf(flow)) throw apiRefusal("API_VERSION_CHANGED");
      const { name = flow.name, document = flow.document } = request.body;
      const { hash, warnings, ...content } = checked(document);
      const version = hash === flow.hash ? flow.version : flow.version + 1;
      const changed: Flow = { ...flow, name, ...content, hash, version, updatedAt: clock.now() };
      await flows.update(changed);
      reply.header("etag", etagOf(changed));
      return { ...viewOf(changed), warnings };
    },
  );

  scope.delete(
    "/flows/:id",
    { config, schema: { tags, summary: "Remove a flow", params: idParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      const { accountId } = principalOf(request);
      const user = numbers.list(accountId).find((number) => number.flowId === request.params.id);
      if (user !== undefined) throw apiRefusal("FLOW_IN_USE", { number: user.number });
      await removeRow(flows, accountId, request.params.id);
      return reply.code(204).send(null);
    },
  );
}

/** Throws FLOW_INVALID with the path of each mistake. */
function checked(value: unknown) {
  const result = validateFlow(value);
  if (!result.ok) throw apiRefusal("FLOW_INVALID", { errors: result.mistakes.map(inDocument) });
  return { document: result.document, hash: result.hash, warnings: result.warnings.map(inDocument) };
}

function inDocument({ path, message }: Mistake): Mistake {
  return { path: path === "" ? "document" : `document.${path}`, message };
}

function viewOf(flow: Flow): FlowView {
  return { ...entryOf(flow), name: flow.name, version: flow.version, hash: flow.hash, document: flow.document };
}

function etagOf(flow: Flow): string {
  return `"${flow.version}"`;
}
