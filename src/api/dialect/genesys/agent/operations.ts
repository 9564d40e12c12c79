/** The agent's working time and states. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { AgentState } from "../../../../queues/index.ts";
import type { Who } from "../call/operations.ts";
import { lineOf } from "../call/view.ts";
import { statusRefusal } from "../error.ts";
import type { GenesysContext } from "../options.ts";
import { type Body, textOf, textsOf } from "../request.ts";
import { done } from "../response.ts";
import { activityOf } from "./user-state.ts";

const voice = "voice";

/** Operations on the user: for every channel, of which there is one. Throws 3 for one that does not exist here. */
export async function operateOnUser(
  name: string,
  body: Body,
  who: Who,
  context: GenesysContext,
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
): Promise<object> {
  if (name === "StartContactCenterSession") return start(body, who, context);
  if (name === "EndContactCenterSession") {
    await end(who, context);
    const loginId = await context.sessions.end(request, reply);
    if (loginId !== undefined) context.notifications.disconnectLogin(loginId);
    return done;
  }
  await changeState(name, body, who, context);
  return done;
}

/** Throws 3 for an unknown state, 2 for an agent who is not on duty. */
export async function changeState(name: string, body: Body, { accountId, userId }: Who, { agents, clock }: GenesysContext): Promise<void> {
  const activity = activityOf(name);
  const reason = textOf(body, "reason");
  if (activity === undefined) throw statusRefusal(3, `The operation '${name}' is not supported here.`);
  const state = agents.get(accountId, userId);
  if (!state.isOnDuty) throw statusRefusal(2, "There is no contact center session; start one first.");
  const shownReason = activity === "not-ready" ? reason : undefined;
  if (state.activity === activity && state.reason === shownReason) return;
  await agents.set({
    accountId,
    userId,
    isOnDuty: true,
    activity,
    since: clock.now(),
    ...(shownReason !== undefined && { reason: shownReason }),
  });
}

/** Starting twice leaves the agent's state as it is: a desktop may be opened again. */
async function start(body: Body, { accountId, userId }: Who, { agents, clock, directory }: GenesysContext): Promise<object> {
  const channels = textsOf(body, "channels") ?? [voice];
  const others = channels.filter((channel) => channel !== voice);
  if (!channels.includes(voice))
    throw statusRefusal(3, others.length === 0 ? "No channel was named." : "Only the channel 'voice' is supported here.");
  if (lineOf(directory, accountId, userId) === undefined) throw statusRefusal(2, "You have no device: ask for a directory number.");
  if (!agents.get(accountId, userId).isOnDuty) {
    await agents.set({ accountId, userId, isOnDuty: true, activity: "not-ready", since: clock.now() });
  }
  if (others.length === 0) return done;
  return { statusCode: 7, succeeded: [{ ...done, channel: voice }], failed: others.map(unsupported) };
}

function unsupported(channel: string) {
  return { statusCode: 3, statusMessage: `The channel '${channel}' is not supported here.`, channel };
}

async function end({ accountId, userId }: Who, { agents, clock }: GenesysContext): Promise<void> {
  if (!agents.get(accountId, userId).isOnDuty) return;
  const off: AgentState = { accountId, userId, isOnDuty: false, activity: "offline", since: clock.now() };
  await agents.set(off);
}
