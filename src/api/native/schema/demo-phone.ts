import { Type } from "typebox";
import { closed, e164, oneOf } from "./parts.ts";

const members = {
  behaviour: oneOf(["answer", "busy", "silent", "reject"], "silent rings for ever."),
  answerAfterMs: Type.Integer({ minimum: 0, maximum: 60_000, description: "How long it rings before it answers, is busy or rejects." }),
  digits: Type.String({ maxLength: 64, pattern: "^[0-9*#A-D,]*$", description: "Digits it presses once answered; a comma waits." }),
};

export const demoPhoneSchema = Type.Object({ number: e164(), ...members }, closed);
export const demoPhoneChangeSchema = Type.Partial(Type.Object(members), closed);
