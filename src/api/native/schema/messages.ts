import { Type } from "typebox";
import { closed, listOf } from "./parts.ts";

export const newMessageSchema = Type.Object(
  {
    to: Type.String({ minLength: 1, maxLength: 64, description: "An extension, or a phone's user name.", examples: ["5001"] }),
    text: Type.String({ minLength: 1, maxLength: 800, description: "At most 800 bytes in UTF-8." }),
  },
  closed,
);

const delivery = Type.Object(
  {
    phone: Type.String({ description: "The phone's user name." }),
    status: Type.Integer({ description: "What it answered: 200 taken, 202 kept for later, 408 nothing, 503 not reached." }),
  },
  closed,
);

export const sentMessageSchema = Type.Object(
  { deliveries: listOf(delivery, { description: "One for each place at which a phone is registered." }) },
  closed,
);
