/** What lies between text and typed values: what the readers give, and what the JSON and JSV writers take. */
import { membersOf, type Shape } from "./shape.ts";

export type Tree = null | boolean | number | string | readonly Tree[] | { readonly [name: string]: Tree };

/** Deeper input is refused, so that no reader can be made to exhaust the stack. */
export const deepest = 64;

/** A value of `shape` with its members in order. Absent references are left out; absent flags, numbers and enumerations get their default. */
export function treeOf(shape: Shape, value: unknown): Tree | undefined {
  switch (shape.kind) {
    case "text":
      return value as string | undefined;
    case "flag":
      return (value as boolean | undefined) ?? false;
    case "whole":
      return (value as number | undefined) ?? 0;
    case "choice":
      return (value as string | undefined) ?? shape.values[0];
    case "list":
      return (value as readonly unknown[] | undefined)?.map((item) => treeOf(shape.of, item) ?? null);
    case "texts-by-name":
      return value as Readonly<Record<string, string>> | undefined;
    case "contract": {
      if (value === undefined) return undefined;
      const values = value as Readonly<Record<string, unknown>>;
      const members = membersOf(shape).map(([name, member]) => [name, treeOf(member, values[name])] as const);
      return Object.fromEntries(members.filter((entry): entry is [string, Tree] => entry[1] !== undefined));
    }
  }
}
