/** What clients do with a call: dialling one, and the operations on it. */
import type { Call, CallCommand, Json } from "../../../../calls/index.ts";
import { type Directory, isE164 } from "../../../../directory/index.ts";
import { statusRefusal } from "../error.ts";
import { callIdOf } from "../ids.ts";
import type { GenesysContext } from "../options.ts";
import { type Body, destinationOf, required, textOf, userDataOf } from "../request.ts";
import { type CallOperation, operationNames, partyOfUser, stateOf } from "./state.ts";
import { type CallView, lineOf, viewOfCall } from "./view.ts";

export type Who = { readonly accountId: string; readonly userId: string };

/** Most calls a user is in at a time that a list shows. */
const mostListed = 200;

export async function listCalls(who: Who, context: GenesysContext): Promise<readonly CallView[]> {
  const { items } = await context.views.list(who.accountId, { userId: who.userId, live: true }, { limit: mostListed, order: "oldest" });
  return items.flatMap((call) => viewOf(call, who, context) ?? []).filter(({ state }) => state !== "Released");
}

/** Throws 6 when the user is not in the call, or no more. */
export async function findCall(callUuid: string, who: Who, context: GenesysContext) {
  const callId = callIdOf(callUuid);
  const call = callId === undefined ? undefined : await context.views.get(who.accountId, callId);
  const view = call && viewOf(call, who, context);
  if (call === undefined || view === undefined || view.state === "Released") throw statusRefusal(6, `There is no call '${callUuid}'.`);
  return { call, view };
}

function viewOf(call: Call, { userId }: Who, { directory, publicUrl, clock }: GenesysContext): CallView | undefined {
  return viewOfCall(call, userId, { directory, apiUrl: `${publicUrl()}/api/v2`, now: clock.now() });
}

/** Rings the user's own phone, then the destination. Throws 4 when the user has no phone that could ring. */
export async function dial(body: Body, who: Who, { calls, directory }: GenesysContext): Promise<void> {
  const [to, userData] = [destinationOf(body), userDataOf(body)];
  const [location, callerId] = [textOf(body, "location"), textOf(body, "outboundCallerId")];
  const call = await calls.dial(who.accountId, {
    by: who.userId,
    to: numberOf(to, who.accountId, directory),
    ...(callerId !== undefined && { callerId: withPlus(callerId) }),
    ...(userData !== undefined && { userData }),
    ...(location !== undefined && { data: { location } }),
  });
  if (call.endedAt === undefined) return;
  const own = partyOfUser(call, who.userId);
  const isUnregistered = Object.keys(call.legs).length === 0 && own?.outcome?.sipStatus === 480;
  const device = lineOf(directory, who.accountId, who.userId)?.number ?? "";
  throw statusRefusal(4, isUnregistered ? `Device '${device}' is not registered.` : (call.outcome?.text ?? "The call could not be made."));
}

/** Throws 3 for an operation that does not exist here, 2 for one that the call's state does not allow, and as the call itself refuses. */
export async function operate(name: string, callUuid: string, body: Body, who: Who, context: GenesysContext): Promise<void> {
  const operation = operationNames.find((known) => known === name);
  if (operation === undefined) throw statusRefusal(3, `The operation '${name}' is not supported for calls.`);
  const { call, view } = await findCall(callUuid, who, context);
  const commands = commandsOf[operation](body, { ...who, call, directory: context.directory });
  if (!view.capabilities.includes(operation)) {
    const own = partyOfUser(call, who.userId);
    throw statusRefusal(2, `The operation '${operation}' is not possible while the call is ${own ? stateOf(call, own) : "Released"}.`);
  }
  for (const command of commands) await context.calls.send(who.accountId, call.id, command);
}

type Place = Who & { readonly call: Call; readonly directory: Directory };

const commandsOf: Readonly<Record<CallOperation, (body: Body, place: Place) => readonly CallCommand[]>> = {
  Answer: (_body, { userId: by }) => [{ kind: "answer", by }],
  Hangup: (_body, { userId: by }) => [{ kind: "leave", by }],
  Hold: (_body, { userId: by }) => [{ kind: "hold", by }],
  Retrieve: (_body, { userId: by }) => [{ kind: "retrieve", by }],
  MuteCall: (_body, { userId: by }) => [{ kind: "mute", by }],
  UnmuteCall: (_body, { userId: by }) => [{ kind: "unmute", by }],
  SendDtmf: (body, { userId: by }) => [{ kind: "send-digits", by, digits: required(textOf(body, "digits"), "digits") }],
  AttachUserData: (body, { userId: by, call }) => [
    { kind: "set-user-data", by, set: added(call.userData, required(userDataOf(body), "userData")) },
  ],
  UpdateUserData: (body, { userId: by }) => [{ kind: "set-user-data", by, set: required(userDataOf(body), "userData") }],
  DeleteUserData: (_body, { userId: by }) => [{ kind: "set-user-data", by, set: {}, clear: true }],
  DeleteUserDataPair: (body, { userId: by }) => [{ kind: "set-user-data", by, set: { [required(textOf(body, "key"), "key")]: null } }],
  SingleStepTransfer(body, { userId: by, accountId, directory }) {
    const [to, userData, location] = [destinationOf(body), userDataOf(body), textOf(body, "location")];
    // The transfer is first, because it is what may be refused.
    return [
      { kind: "transfer", by, to: numberOf(to, accountId, directory) },
      ...(userData === undefined ? [] : [{ kind: "set-user-data", by, set: userData } as const]),
      ...(location === undefined ? [] : [{ kind: "set-data", by, set: { location } } as const]),
    ];
  },
};

/** What is attached under a key that is taken stands beside what is there. */
function added(known: Readonly<Record<string, Json>>, more: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  const entries = Object.entries(more).map(([key, value]) => {
    const earlier = Object.hasOwn(known, key) ? known[key] : undefined;
    return [key, earlier === undefined ? value : [...(Array.isArray(earlier) ? (earlier as readonly Json[]) : [earlier]), value]] as const;
  });
  return Object.fromEntries(entries);
}

/** An extension as it is; anything else in E.164, which clients write with and without its plus. */
function numberOf(sent: string, accountId: string, directory: Directory): string {
  const number = sent.trim();
  return directory.lines.byNumber(accountId, number) === undefined ? withPlus(number) : number;
}

function withPlus(sent: string): string {
  const number = sent.replaceAll(/[\s().-]/g, "");
  if (isE164(number)) return number;
  return isE164(`+${number}`) ? `+${number}` : sent;
}
