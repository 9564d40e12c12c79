import { isIP } from "node:net";
import { Type } from "typebox";
import { type Trunk, type TrunkPolicy, usualTrunkPolicy } from "../../../directory/index.ts";
import { canonicalAddress } from "../../../kernel/index.ts";
import { isToken, parseFreeHeaders } from "../../../sip/index.ts";
import type { NewTrunk, TrunkChange, TrunkView } from "../../contract/configuration.ts";
import { principalOf } from "../../http/authorisation.ts";
import { apiRefusal } from "../../http/errors.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { entryOf, listRows, removeRow, rowOf } from "../rows.ts";
import { newTrunkSchema, trunkChangeSchema } from "../schema/configuration.ts";
import { closed, component, idParams, pageOf, pageQuery } from "../schema/parts.ts";

const config = { access: ["administrator"] } as const;
const tags = ["Trunks"];
const answersTrunk = { 200: component<TrunkView>("Trunk") };

/** What holds for members that a new trunk leaves out. Without prefixes nothing goes out, without source addresses nothing comes in. */
const usual = {
  port: null,
  transport: null,
  username: null,
  password: null,
  prefixes: [],
  priority: 10,
  sourceAddresses: [],
  mediaToSource: false,
  codecs: null,
} as const satisfies Required<Omit<NewTrunk, "name" | "host" | "policy">>;

export function registerTrunks(scope: NativeScope, { directory, clock, ids }: NativeContext): void {
  const { trunks } = directory;

  scope.get(
    "/trunks",
    {
      config,
      schema: { tags, summary: "List trunks", querystring: Type.Object(pageQuery, closed), response: { 200: pageOf<TrunkView>("Trunk") } },
    },
    async (request) => listRows(trunks, principalOf(request).accountId, request.query, viewOf),
  );

  scope.post(
    "/trunks",
    { config, schema: { tags, summary: "Add a trunk", body: newTrunkSchema, response: { 201: component<TrunkView>("Trunk") } } },
    async (request, reply) => {
      const now = clock.now();
      const { accountId } = principalOf(request);
      refuseNames(request.body.sourceAddresses);
      const policy = policyOf(usualTrunkPolicy, request.body.policy);
      const made = { id: ids.next(), accountId, createdAt: now, updatedAt: now };
      const trunk: Trunk = { ...made, ...usual, ...spelled(request.body), policy };
      await trunks.insert(trunk);
      return reply.code(201).header("location", `/v1/trunks/${trunk.id}`).send(viewOf(trunk));
    },
  );

  scope.get(
    "/trunks/:id",
    { config, schema: { tags, summary: "Show a trunk", params: idParams, response: answersTrunk } },
    async (request) => viewOf(rowOf(trunks, principalOf(request).accountId, request.params.id)),
  );

  scope.patch(
    "/trunks/:id",
    {
      config,
      schema: {
        tags,
        summary: "Change a trunk",
        description: "Members that are left out stay, the password too; null clears it.",
        params: idParams,
        body: trunkChangeSchema,
        response: answersTrunk,
      },
    },
    async (request) => {
      const trunk = rowOf(trunks, principalOf(request).accountId, request.params.id);
      refuseNames(request.body.sourceAddresses);
      const policy = policyOf(trunk.policy, request.body.policy);
      const changed: Trunk = { ...trunk, ...spelled(request.body), policy, updatedAt: clock.now() };
      await trunks.update(changed);
      return viewOf(changed);
    },
  );

  scope.delete(
    "/trunks/:id",
    { config, schema: { tags, summary: "Remove a trunk", params: idParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      await removeRow(trunks, principalOf(request).accountId, request.params.id);
      return reply.code(204).send(null);
    },
  );
}

/** Throws API_MEMBER_INVALID: who calls is known by address, so a name would never match. */
function refuseNames(sourceAddresses: readonly string[] = []): void {
  const errors = sourceAddresses.flatMap((address, index) =>
    isIP(address) === 0 ? [{ path: `sourceAddresses.${index}`, message: "must be an IPv4 or IPv6 address" }] : [],
  );
  if (errors.length > 0) throw apiRefusal("API_MEMBER_INVALID", { errors });
}

/** Who calls is compared with these as text. */
function spelled<T extends TrunkChange>(change: T): T {
  const { sourceAddresses } = change;
  return sourceAddresses === undefined ? change : { ...change, sourceAddresses: sourceAddresses.map(canonicalAddress) };
}

/** Throws API_MEMBER_INVALID for header fields that are the server's own. */
function policyOf(before: TrunkPolicy, change: NewTrunk["policy"] = {}): TrunkPolicy {
  const added = parseFreeHeaders(change.addedHeaders ?? {});
  const errors = (change.keptHeaders ?? []).flatMap((name, index) => {
    const message = isToken(name) ? undefined : "must be the name of a header field";
    return message === undefined ? [] : [{ path: `policy.keptHeaders.${index}`, message }];
  });
  if (!added.ok) errors.push({ path: "policy.addedHeaders", message: added.reason });
  if (errors.length > 0) throw apiRefusal("API_MEMBER_INVALID", { errors });
  return { ...before, ...change };
}

function viewOf(trunk: Trunk): TrunkView {
  const { name, host, port, transport, username, password, prefixes, priority, sourceAddresses, mediaToSource, codecs, policy } = trunk;
  const hasPassword = password !== null;
  return {
    ...entryOf(trunk),
    name,
    host,
    port,
    transport,
    username,
    hasPassword,
    prefixes,
    priority,
    sourceAddresses,
    mediaToSource,
    codecs,
    policy,
  };
}
