import { Type } from "typebox";
import { closed, id, listOf, oneOf, orNull, time } from "./parts.ts";

const endpoint = Type.Object({ address: Type.String(), port: Type.Integer() }, closed);

const message = Type.Object(
  {
    at: time(),
    sinceMs: Type.Number({ description: "Milliseconds since the first message." }),
    direction: oneOf(["sent", "received"]),
    protocol: oneOf(["udp", "tcp", "tls", "ws", "wss"]),
    from: endpoint,
    to: endpoint,
    method: Type.String({ description: "Of a response, the method of the request it answers." }),
    status: orNull(Type.Integer(), "null for a request."),
    reason: orNull(Type.String()),
    sipCallId: Type.String({ description: "The Call-ID header." }),
    legId: id(),
    repeatOf: orNull(Type.Integer(), "Index of the earlier message of which this is a repeat, byte for byte."),
    text: Type.String({ description: "The message; secrets and digits in it are masked by x, one for each character." }),
  },
  closed,
);

export const callTraceSchema = Type.Object(
  {
    callId: id(),
    keeping: oneOf(
      ["no", "until-its-end", "yes"],
      "Whether it stays when newer messages have taken the memory: not; yes, and it is completed when the call ends; yes.",
    ),
    messages: listOf(message, { description: "In order of time; empty when nothing is remembered." }),
  },
  closed,
);
