/** Holds requests against their schemas and says what is wrong in words, with the path of each mistake. */
import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { TLocalizedValidationError } from "typebox/error";
import { Value } from "typebox/value";
import type { Mistake } from "../contract/answers.ts";
import { apiRefusal } from "../http/errors.ts";

const mostMistakes = 20;

/** Query and path values are text, so they are converted; a body must have its types right. No body counts as one without members. */
export const compileSchema: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema);
  const isText = httpPart !== "body";
  return (given: unknown) => {
    const value = isText ? Value.Convert(schema, given) : (given ?? {});
    if (compiled.Check(value)) return { value };
    return { error: refusalOf(compiled.Errors(value)) };
  };
};

function refusalOf(found: readonly TLocalizedValidationError[]) {
  const unknown = found.filter((error) => error.message === "schema is false");
  const mistakes =
    unknown.length > 0 ? unknown.map((error) => ({ path: pathOf(error.instancePath), message: "does not exist here" })) : wordsOf(found);
  return apiRefusal(unknown.length > 0 ? "API_MEMBER_UNKNOWN" : "API_MEMBER_INVALID", { errors: mistakes.slice(0, mostMistakes) });
}

function wordsOf(found: readonly TLocalizedValidationError[]): Mistake[] {
  return found.flatMap((error): Mistake[] => {
    if (error.keyword === "required") {
      return error.params.requiredProperties.map((name) => ({ path: pathOf(`${error.instancePath}/${name}`), message: "is missing" }));
    }
    if (error.keyword === "enum")
      return [{ path: pathOf(error.instancePath), message: `must be one of ${error.params.allowedValues.join(", ")}` }];
    // Says only that a member, which is listed for itself, is wrong.
    if (error.keyword === "additionalProperties") return [];
    return [{ path: pathOf(error.instancePath), message: error.message }];
  });
}

/** A JSON pointer in the form that flows use for their mistakes: `phone.username`. */
function pathOf(pointer: string): string {
  return pointer
    .slice(1)
    .split("/")
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"))
    .join(".");
}
