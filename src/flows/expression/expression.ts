/**
 * Conditions and small sums in flows, for example `choice == '1' and caller.number startsWith '+1'`. No calls, no assignment, no
 * regular expressions: evaluating one costs time proportional to its length and its values.
 *
 *     or       = and { "or" and }
 *     and      = not { "and" not }
 *     not      = "not" not | compare
 *     compare  = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" | "contains" | "startsWith" | "endsWith" ) sum ]
 *     sum      = product { ( "+" | "-" ) product }
 *     product  = sign { ( "*" | "/" ) sign }
 *     sign     = "-" sign | primary
 *     primary  = number | text | "true" | "false" | "null" | path | "(" or ")"
 *     path     = name { "." ( name | digits ) }
 *     text     = "'" … "'" | '"' … '"'          with \\ \' \" \n \t
 */

export const compareOperators = ["==", "!=", "<", "<=", ">", ">=", "contains", "startsWith", "endsWith"] as const;
export type BinaryOperator = (typeof compareOperators)[number] | "and" | "or" | "+" | "-" | "*" | "/";

export type Expression =
  | { readonly kind: "literal"; readonly value: null | boolean | number | string }
  | { readonly kind: "path"; readonly names: readonly string[] }
  | { readonly kind: "unary"; readonly operator: "not" | "-"; readonly operand: Expression }
  | { readonly kind: "binary"; readonly operator: BinaryOperator; readonly left: Expression; readonly right: Expression };

/** Words with a meaning of their own; no variable may have such a name. */
export const reservedWords: readonly string[] = ["and", "or", "not", "true", "false", "null", "contains", "startsWith", "endsWith"];

export const longestExpression = 1000;
/** How deep parentheses, signs, `not` and chains may nest. */
export const deepestExpression = 64;
