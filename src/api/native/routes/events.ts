import { Type } from "typebox";
import { principalOf } from "../../http/authorisation.ts";
import { apiRefusal } from "../../http/errors.ts";
import { EventStreams } from "../event-stream.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { closed } from "../schema/parts.ts";

const eventId = () => Type.String({ maxLength: 40, description: "Where to go on: the id of the last event that was seen." });

export function registerEvents(scope: NativeScope, { clock, views }: NativeContext): void {
  const streams = new EventStreams(clock, views);
  scope.addHook("preClose", async () => streams.close());

  scope.get(
    "/events",
    {
      config: { access: ["administrator", "manager"] },
      exposeHeadRoute: false,
      schema: {
        tags: ["Events"],
        summary: "Follow the account's calls",
        description:
          "Server-sent events: `id`, `event` (the kind) and `data` (JSON). A client that comes back with Last-Event-ID misses nothing; 410 says that the id is too old.",
        produces: ["text/event-stream"],
        headers: Type.Object({ "last-event-id": Type.Optional(eventId()) }),
        querystring: Type.Object(
          {
            lastEventId: Type.Optional(eventId()),
            signals: Type.Optional(
              Type.Boolean({
                description:
                  "true: also call.talking and leg.quality, as they happen. They have no id and are not kept; a slow reader misses some.",
              }),
            ),
          },
          closed,
        ),
      },
    },
    async (request, reply) => {
      const afterId = request.headers["last-event-id"] ?? request.query.lastEventId;
      if (afterId !== undefined && !/^\d{1,16}\.\d{1,8}$/.test(afterId)) {
        throw apiRefusal("API_MEMBER_INVALID", { errors: [{ path: "lastEventId", message: "must be the id of an event" }] });
      }
      const bytes = await streams.open(principalOf(request).accountId, afterId, request.query.signals);
      return reply.type("text/event-stream").header("x-accel-buffering", "no").send(bytes);
    },
  );
}
