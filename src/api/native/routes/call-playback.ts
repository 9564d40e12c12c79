import { Type } from "typebox";
import { answersCall, CallOrders, repeatable } from "../call-orders.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { closed, id, idParams } from "../schema/parts.ts";
import { newAnnouncementSchema, newPlaybackSchema, playbackChangeSchema } from "../schema/talk.ts";
import { itemsOf } from "../talk-view.ts";
import { callMakers } from "../visible-call.ts";
import { partyParams } from "./call-parties.ts";

const tags = ["Playing to calls"];
const playback = "/calls/:id/parties/:partyId/playback";

export function registerCallPlayback(scope: NativeScope, context: NativeContext): void {
  const orders = new CallOrders(context);

  scope.post(
    "/calls/:id/announcements",
    {
      config: { access: callMakers },
      schema: {
        tags,
        summary: "Announce something to one party or to all",
        description: "Played over the talk, which goes on. What was announced to them before ends.",
        headers: repeatable,
        params: idParams,
        body: newAnnouncementSchema,
        response: answersCall,
      },
    },
    async (request) => {
      const { prompt, ...how } = request.body;
      return orders.send(request, { kind: "announce", items: itemsOf(prompt), ...how });
    },
  );

  scope.delete(
    "/calls/:id/announcements/:announcementId",
    {
      config: { access: callMakers },
      schema: {
        tags,
        summary: "End an announcement",
        headers: repeatable,
        params: Type.Object({ id: id(), announcementId: id() }, closed),
        response: answersCall,
      },
    },
    async (request) => orders.send(request, { kind: "end-announcement", announcementId: request.params.announcementId }),
  );

  scope.post(
    playback,
    {
      config: { access: callMakers },
      schema: {
        tags,
        summary: "Play to a party instead of the talk",
        description: "For a party on which no flow runs. What was played to it before ends.",
        headers: repeatable,
        params: partyParams,
        body: newPlaybackSchema,
        response: answersCall,
      },
    },
    async (request) => {
      const { prompt, positionMs, ...how } = request.body;
      const items = itemsOf(prompt);
      const { partyId } = request.params;
      return orders.send(request, { kind: "play", partyId, items, ...how, ...(positionMs !== undefined && { offsetMs: positionMs }) });
    },
  );

  scope.patch(
    playback,
    {
      config: { access: callMakers },
      schema: {
        tags,
        summary: "Pause, resume, seek or make louder what is played",
        description: "Of a prompt of the party's flow too.",
        headers: repeatable,
        params: partyParams,
        body: playbackChangeSchema,
        response: answersCall,
      },
    },
    async (request) => orders.send(request, { kind: "change-playback", partyId: request.params.partyId, ...request.body }),
  );

  scope.delete(
    playback,
    {
      config: { access: callMakers },
      schema: {
        tags,
        summary: "End what is played to a party",
        description: "A flow goes on as if its prompt had been heard to the end.",
        headers: repeatable,
        params: partyParams,
        response: answersCall,
      },
    },
    async (request) => orders.send(request, { kind: "end-playback", partyId: request.params.partyId }),
  );
}
