/**
 * What the vendor's types look like on the wire, as data: the three formats are written and requests are read from these descriptions,
 * so a type is described once. Member names are camelCase as in JSON and JSV; XML writes them in PascalCase.
 */

export type Shape =
  | { readonly kind: "text" }
  | { readonly kind: "flag" }
  | { readonly kind: "whole" }
  | { readonly kind: "choice"; readonly values: readonly string[] }
  | { readonly kind: "list"; readonly of: Shape }
  | { readonly kind: "texts-by-name" }
  | Contract;

/** A class. `base` is the class it extends; `isOrdered` when its members carry an order of their own instead of the alphabet's. */
export type Contract = {
  readonly kind: "contract";
  readonly name: string;
  /** XML namespace. */
  readonly namespace: string;
  readonly members: Members;
  readonly base?: Contract | undefined;
  readonly isOrdered?: boolean;
};

export type Members = Readonly<Record<string, Shape>>;

/** The value a shape describes. Any member may be absent; the writers put what .NET puts in its place. */
export type ValueOf<S> = Shape extends S
  ? unknown
  : S extends { kind: "text" }
    ? string
    : S extends { kind: "flag" }
      ? boolean
      : S extends { kind: "whole" }
        ? number
        : S extends { kind: "choice"; values: readonly (infer Value)[] }
          ? Value
          : S extends { kind: "list"; of: infer Item }
            ? readonly ValueOf<Item>[]
            : S extends { kind: "texts-by-name" }
              ? Readonly<Record<string, string>>
              : S extends Contract
                ? ObjectOf<S>
                : never;

/** Nothing is known of the members of just any contract. */
type ObjectOf<S extends Contract> = Contract extends S
  ? object
  : S extends { members: infer Own; base: infer Base }
    ? MemberValues<Own> & (Base extends Contract ? ObjectOf<Base> : unknown)
    : never;

type MemberValues<Own> = { readonly [Name in keyof Own]?: ValueOf<Own[Name]> | undefined };

/** The same value with every member named, so that a new member cannot be forgotten where a value is made. */
export type Filled<Value> = { readonly [Name in keyof Value]-?: Value[Name] };

export const text = { kind: "text" } as const;
export const flag = { kind: "flag" } as const;
export const whole = { kind: "whole" } as const;
export const textsByName = { kind: "texts-by-name" } as const;

/** An enumeration; its first value is the default. */
export function choice<const Values extends readonly string[]>(...values: Values) {
  return { kind: "choice", values } as const;
}

export function list<Item extends Shape>(of: Item) {
  return { kind: "list", of } as const;
}

const dataContracts = "http://schemas.datacontract.org/2004/07/";

/** A class of a C# namespace such as `Voice.Api.Sessions`. */
export function contract<const Own extends Members, Base extends Contract | undefined = undefined>(
  name: string,
  csharpNamespace: string,
  members: Own,
  base?: Base,
) {
  return { kind: "contract", name, namespace: dataContracts + csharpNamespace, members, base: base as Base } as const;
}

/** A class of ServiceStack itself, whose members stand in the order given. */
export function orderedContract<const Own extends Members>(name: string, members: Own) {
  return { kind: "contract", name, namespace: "http://schemas.servicestack.net/types", members, base: undefined, isOrdered: true } as const;
}

/** Own members first, then those of the base: the order of JSON and JSV, and the members a request may have. */
export function membersOf(of: Contract): readonly (readonly [name: string, shape: Shape])[] {
  return [...Object.entries(of.members), ...(of.base === undefined ? [] : membersOf(of.base))];
}

export function pascalCase(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
