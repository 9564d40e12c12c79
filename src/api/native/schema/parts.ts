/** Pieces of which the schemas are made. One schema gives validation, the type of the handler's input and the OpenAPI document. */
import { type Static, type TSchema, Type } from "typebox";
import { pageLimit } from "../../http/paging.ts";

/** Every object of the API is closed: a member that does not exist is refused. */
export const closed = { additionalProperties: false } as const;

export function oneOf<const T extends string>(words: readonly T[], description?: string) {
  return Type.Unsafe<T>({ type: "string", enum: [...words], ...described(description) });
}

export function oneOfOrNull<const T extends string>(words: readonly T[], description?: string) {
  return Type.Unsafe<T | null>({ type: ["string", "null"], enum: [...words, null], ...described(description) });
}

export function orNull<T extends TSchema & { type: string }>(schema: T, description?: string) {
  return Type.Unsafe<Static<T> | null>({ ...schema, type: [schema.type, "null"], ...described(description) });
}

export function listOf<T extends TSchema>(
  items: T,
  options: { readonly description?: string; readonly minItems?: number; readonly maxItems?: number } = {},
) {
  return Type.Unsafe<readonly Static<T>[]>({ type: "array", items, ...options });
}

/** An object used as a dictionary. `keys` bounds its keys. */
export function dictionaryOf<T extends TSchema>(
  values: T,
  options: { readonly description?: string; readonly maxProperties?: number } = {},
) {
  return Type.Unsafe<Readonly<Record<string, Static<T>>>>({
    type: "object",
    additionalProperties: values,
    propertyNames: { minLength: 1, maxLength: 100 },
    ...options,
  });
}

/** Names a component of the OpenAPI document; `View` is its type in the contract. */
export function component<View>(name: string) {
  return Type.Unsafe<View>({ $ref: `${name}#` });
}

export function pageOf<View>(name: string) {
  return Type.Object({ items: listOf(component<View>(name)), nextCursor: orNull(Type.String(), "The cursor of the next page.") }, closed);
}

export const time = () => Type.String({ format: "date-time" });
export const id = (description?: string) => Type.String({ maxLength: 64, ...described(description) });
export const shortText = (description?: string) => Type.String({ maxLength: 200, ...described(description) });
export const e164 = (description = "E.164 with the plus sign.") => Type.String({ maxLength: 20, description, examples: ["+12025550100"] });

export const idParams = Type.Object({ id: id() }, closed);

export const pageQuery = {
  limit: Type.Optional(
    Type.Integer({ minimum: pageLimit.least, maximum: pageLimit.most, default: pageLimit.usual, description: "Entries a page." }),
  ),
  cursor: Type.Optional(Type.String({ maxLength: 200, description: "nextCursor of the page before." })),
};

function described(description: string | undefined) {
  return description === undefined ? {} : { description };
}
