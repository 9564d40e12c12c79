/** Every address of the API. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { principalOf } from "../../http/authorisation.ts";
import { type DeviceView, viewOfDevice } from "./agent/device.ts";
import { changeState, operateOnUser } from "./agent/operations.ts";
import { requireFeature, viewOfFeatures, viewOfUser } from "./agent/user.ts";
import { viewOfState } from "./agent/user-state.ts";
import { dial, findCall, listCalls, operate, type Who } from "./call/operations.ts";
import { lineOf } from "./call/view.ts";
import { statusRefusal } from "./error.ts";
import { apiUrlOf, type GenesysContext } from "./options.ts";
import { bodyOf, operationNameOf } from "./request.ts";
import { done, many, namesIn, selected } from "./response.ts";

type Params = { Params: { readonly id: string } };

const authenticated = { config: { access: "authenticated" } } as const;

export function registerRoutes(scope: FastifyInstance, context: GenesysContext): void {
  scope.get("/diagnostics/version", { config: { access: "anonymous" } }, async () => ({ ...done, version: context.version }));
  scope.register(async (own) => {
    own.addHook("preHandler", async (request, reply) => context.sessions.begin(request, reply));
    registerUser(own, context);
    registerDevices(own, context);
    registerCalls(own, context);
    registerChannels(own, context);
  });
}

function registerUser(scope: FastifyInstance, context: GenesysContext): void {
  scope.get("/me", authenticated, async (request) => {
    const { accountId, userId, roles } = principalOf(request);
    const user = context.directory.users.get(accountId, userId);
    if (user === undefined) throw statusRefusal(6);
    const wanted = namesIn(request, "subresources") ?? [];
    const all: Readonly<Record<string, () => unknown>> = {
      features: () => viewOfFeatures(roles, apiUrlOf(context)),
      devices: () => devicesOf(request, context),
      channels: () => [voiceChannelOf(request, context)],
      calls: () => listCalls(principalOf(request), context),
      // Nothing of these exists here; clients that ask for everything expect the lists.
      settings: () => [],
      interactions: () => [],
      chats: () => [],
      skills: () => [],
    };
    const names = Object.keys(all).filter((name) => wanted === "*" || wanted.includes(name));
    const embedded = await Promise.all(names.map(async (name) => [name, await all[name]?.()] as const));
    return { ...done, user: { ...selected(viewOfUser(user, apiUrlOf(context)), request), ...Object.fromEntries(embedded) } };
  });
  scope.post("/me", authenticated, async (request, reply) => {
    const body = bodyOf(request);
    const name = operationNameOf(body);
    return operateOnUser(name, body, voiceUser(request), context, { request, reply });
  });
}

function registerDevices(scope: FastifyInstance, context: GenesysContext): void {
  scope.get("/me/devices", authenticated, async (request) =>
    many("devices", devicesOf(request, context), ({ id }) => `${apiUrlOf(context)}/me/devices/${id}`, request),
  );
  // Calls name their device without /me.
  for (const path of ["/me/devices/:id", "/devices/:id"]) {
    scope.get<Params>(path, authenticated, async (request) => ({ ...done, device: selected(deviceOf(request, context), request) }));
  }
  scope.post<Params>("/me/devices/:id", authenticated, async (request) => {
    voiceUser(request);
    deviceOf(request, context);
    throw statusRefusal(3, `The operation '${operationNameOf(bodyOf(request))}' is not supported for devices.`);
  });
  scope.post<Params>("/me/devices/:id/calls", authenticated, async (request) => {
    const who = voiceUser(request);
    deviceOf(request, context);
    const body = bodyOf(request);
    const name = operationNameOf(body);
    if (name !== "Dial") throw statusRefusal(3, `The operation '${name}' is not supported here.`);
    await dial(body, who, context);
    return done;
  });
}

function registerCalls(scope: FastifyInstance, context: GenesysContext): void {
  scope.get("/me/calls", authenticated, async (request) =>
    many("calls", await listCalls(voiceUser(request), context), ({ uri }) => uri, request),
  );
  scope.get<Params>("/me/calls/:id", authenticated, async (request) => {
    const { view } = await findCall(request.params.id, voiceUser(request), context);
    return { ...done, call: selected(view, request) };
  });
  scope.post<Params>("/me/calls/:id", authenticated, async (request) => {
    const who = voiceUser(request);
    const body = bodyOf(request);
    await operate(operationNameOf(body), request.params.id, body, who, context);
    return done;
  });
}

function registerChannels(scope: FastifyInstance, context: GenesysContext): void {
  scope.get("/me/channels", authenticated, async (request) =>
    many("channels", [voiceChannelOf(request, context)], ({ channel }) => `${apiUrlOf(context)}/me/channels/${channel}`, request),
  );
  scope.get("/me/channels/voice", authenticated, async (request) => ({
    ...done,
    channel: selected(voiceChannelOf(request, context), request),
  }));
  scope.post("/me/channels/voice", authenticated, async (request) => {
    const who = voiceUser(request);
    const body = bodyOf(request);
    await changeState(operationNameOf(body), body, who, context);
    return done;
  });
}

/** Throws 5 without the feature that everything about calls needs. */
function voiceUser(request: FastifyRequest): Who {
  const { accountId, userId, roles } = principalOf(request);
  requireFeature("api-voice", roles);
  return { accountId, userId };
}

function devicesOf(request: FastifyRequest, { directory, agents }: GenesysContext): readonly DeviceView[] {
  const { accountId, userId } = principalOf(request);
  const line = lineOf(directory, accountId, userId);
  return line === undefined ? [] : [viewOfDevice(line, agents.get(accountId, userId))];
}

/** Throws 6 when the address names no device of the user. */
function deviceOf(request: FastifyRequest<Params>, context: GenesysContext): DeviceView {
  const { id } = request.params;
  const device = devicesOf(request, context).find((own) => own.id === id.toLowerCase());
  if (device === undefined) throw statusRefusal(6, `There is no device '${id}'.`);
  return device;
}

function voiceChannelOf(request: FastifyRequest, { agents }: GenesysContext) {
  const { accountId, userId } = principalOf(request);
  return { channel: "voice", userState: viewOfState(agents.get(accountId, userId)) };
}
