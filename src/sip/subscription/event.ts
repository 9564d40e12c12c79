/** `Event: refer;id=93`: which state a subscription is about. RFC 6665 §8.2.1. */
import { type Parsed, parsed, unparsed } from "../../kernel/index.ts";
import { isToken } from "../message/header-name.ts";
import { formatParams, parseParams } from "../message/params.ts";

export type EventName = { readonly package: string; readonly id?: string };

export function parseEvent(text: string | undefined): Parsed<EventName> {
  const [name = "", ...rest] = (text ?? "").split(";");
  if (!isToken(name.trim())) return unparsed("no event package");
  const id = parseParams(rest.join(";")).get("id");
  return parsed({ package: name.trim(), ...(id !== undefined && id !== "" && { id }) });
}

export function formatEvent({ package: name, id }: EventName): string {
  return `${name}${id === undefined ? "" : formatParams(new Map([["id", id]]))}`;
}

/** §8.2.1: byte by byte, and an id only matches the same id. */
export function sameEvent(one: EventName, other: EventName): boolean {
  return one.package === other.package && one.id === other.id;
}
