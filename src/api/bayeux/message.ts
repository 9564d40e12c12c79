/** Bayeux messages as they come in (Bayeux 1.0 §2.5 and §3), and the frames that go out. */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";

export type Message = {
  /** Empty when the sender named none. */
  readonly channel: string;
  readonly id: string | number | undefined;
  readonly clientId: string | undefined;
  /** The message as sent. */
  readonly fields: Readonly<Record<string, unknown>>;
};

/** Reads one or several texts, each an array of messages or one bare message (§6.1.1). Never gives an empty list. */
export function parseMessages(texts: readonly string[], mostMessages: number): Parsed<readonly Message[]> {
  const messages: Message[] = [];
  for (const text of texts) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return unparsed("json_invalid");
    }
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (!isRecord(item)) return unparsed("message_invalid");
      messages.push(readMessage(item));
      if (messages.length > mostMessages) return unparsed("too_many_messages");
    }
  }
  return messages.length === 0 ? unparsed("message_missing") : parsed(messages);
}

function readMessage(fields: Readonly<Record<string, unknown>>): Message {
  const { channel, id, clientId } = fields;
  return {
    channel: typeof channel === "string" ? channel : "",
    id: typeof id === "string" || typeof id === "number" ? id : undefined,
    clientId: typeof clientId === "string" ? clientId : undefined,
    fields,
  };
}

/** A member that is an object; empty when it is missing or something else. */
export function memberOf(fields: Readonly<Record<string, unknown>>, name: string): Readonly<Record<string, unknown>> {
  const value = fields[name];
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Messages that are JSON already, as one JSON array. */
export function frameOf(messages: readonly string[]): string {
  return `[${messages.join(",")}]`;
}
