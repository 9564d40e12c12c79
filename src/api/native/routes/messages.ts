import type { SentMessage } from "../../contract/messages.ts";
import { principalOf } from "../../http/authorisation.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { newMessageSchema } from "../schema/messages.ts";
import { component } from "../schema/parts.ts";

const everyone = ["administrator", "manager", "user"] as const;

export function registerMessages(scope: NativeScope, { messages }: NativeContext): void {
  scope.post(
    "/messages",
    {
      config: { access: everyone },
      schema: {
        tags: ["Messages"],
        summary: "Send a message to a user's phones",
        description:
          "A SIP MESSAGE (RFC 3428) from you to every place at which the user's phones are registered. Answers when all have answered, after 32 seconds at the latest. Nothing is kept: a phone that is away does not get it later.",
        body: newMessageSchema,
        response: { 200: component<SentMessage>("SentMessage") },
      },
    },
    async (request): Promise<SentMessage> => {
      const { accountId, userId } = principalOf(request);
      return { deliveries: await messages.send(accountId, { by: userId, ...request.body }) };
    },
  );
}
