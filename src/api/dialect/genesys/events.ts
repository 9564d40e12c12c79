/** What CometD clients hear of calls and devices. Each user hears of the resources as that user reads them. */
import type { Call, CallChange, CallEvent } from "../../../calls/index.ts";
import type { AgentState } from "../../../queues/index.ts";
import { viewOfDevice } from "./agent/device.ts";
import { partyOfUser } from "./call/state.ts";
import { type CallView, lineOf, viewOfCall } from "./call/view.ts";
import { apiUrlOf, type GenesysOptions } from "./options.ts";

type NotificationType = "StatusChange" | "AttachedDataChanged" | "DtmfSent" | "ParticipantsUpdated";

/** Publishes from now on, until closed. */
export function publishEvents(options: GenesysOptions): { close(): void } {
  const { views, agents } = options;
  const subscriptions = [views.watch((change) => callChanged(change, options)), agents.watch(({ after }) => agentChanged(after, options))];
  return {
    close() {
      for (const subscription of subscriptions) subscription.close();
    },
  };
}

function callChanged({ before, after, events }: CallChange, options: GenesysOptions): void {
  // Most changes are of legs alone, of which nothing is seen here.
  if (before?.parties === after.parties && before.bridges === after.bridges && before.userData === after.userData) return;
  const { directory, notifications, clock } = options;
  const context = { directory, apiUrl: apiUrlOf(options), now: clock.now() };
  for (const userId of usersIn(after)) {
    const known = before && viewOfCall(before, userId, context);
    const call = viewOfCall(after, userId, context);
    const phoneNumber = lineOf(directory, after.accountId, userId)?.number;
    if (call === undefined || phoneNumber === undefined) continue;
    for (const notificationType of changesOf(known, call, events, partyOfUser(after, userId)?.id)) {
      notifications.publish(userId, "/v2/me/calls", {
        notificationType,
        call,
        phoneNumber,
        ...(notificationType === "StatusChange" && { extensions: { BusinessCall: call.callType === "Internal" ? 0 : 1 } }),
        messageType: "CallStateChangeMessage",
      });
    }
  }
}

/** What is worth a message. A call that was over before its user could see it never was. */
function changesOf(
  known: CallView | undefined,
  call: CallView,
  events: readonly CallEvent[],
  partyId: string | undefined,
): readonly NotificationType[] {
  if (call.state === "Released" && (known === undefined || known.state === "Released")) return [];
  const changes: NotificationType[] = [];
  if (events.some((event) => event.kind === "digits.ended" && event.sent && event.partyId !== partyId)) changes.push("DtmfSent");
  if (events.some(({ kind }) => kind === "user-data.changed")) changes.push("AttachedDataChanged");
  if (call.state !== known?.state || call.mute !== known.mute) changes.push("StatusChange");
  else if (JSON.stringify(call.participants) !== JSON.stringify(known.participants)) changes.push("ParticipantsUpdated");
  return changes;
}

function usersIn(call: Call): ReadonlySet<string> {
  return new Set(Object.values(call.parties).flatMap(({ address }) => (address.kind === "user" ? address.userId : [])));
}

function agentChanged(state: AgentState, { directory, notifications }: GenesysOptions): void {
  const line = lineOf(directory, state.accountId, state.userId);
  if (line === undefined) return;
  notifications.publish(state.userId, "/v2/me/devices", {
    messageType: "DeviceStateChangeMessage",
    devices: [viewOfDevice(line, state)],
  });
}
