import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nativeApi, type NativeApi } from "../../../test/support/fakes/native.ts";
import { routesOf } from "../http/authorisation.ts";

type Tree = { readonly [name: string]: unknown };
type Operation = {
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: Tree;
  readonly responses: Readonly<Record<string, { readonly description?: string }>>;
};
type Document = {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Tree>>; readonly securitySchemes: Tree };
};

let api: NativeApi;
let document: Document;
beforeAll(async () => {
  api = await nativeApi();
  const answer = await api.server.fastify.inject({ url: "/v1/openapi.json" });
  expect(answer.headers["content-type"]).toContain("application/json");
  document = answer.json<Document>();
});
afterAll(() => api.server.close());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );

test("is OpenAPI 3.1 with the three ways to sign in", () => {
  expect(document.openapi).toBe("3.1.0");
  expect(document.info).toMatchObject({ title: "Callwright", version: "1.2.3" });
  expect(Object.keys(document.components.securitySchemes)).toEqual(["basic", "cookie", "key"]);
});

test("lists every route under /v1, and nothing else", () => {
  const routes = routesOf(api.server.fastify)
    .filter(({ method, url }) => method !== "HEAD" && url.startsWith("/v1/") && url !== "/v1/openapi.json")
    .map(({ method, url }) => `${method.toLowerCase()} ${url.replaceAll(/:(\w+)/g, "{$1}")}`);
  expect(
    operations()
      .map(({ path, method }) => `${method} ${path}`)
      .toSorted(),
  ).toEqual(routes.toSorted());
});

test("every reference leads to a component, and every component is referred to", () => {
  const text = JSON.stringify(document);
  const referred = new Set([...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, reference]) => reference));
  expect([...referred].map(String).toSorted()).toEqual(
    Object.keys(document.components.schemas)
      .map((name) => `#/components/schemas/${name}`)
      .toSorted(),
  );
});

describe("every operation", () => {
  test("has a tag, a summary, described answers and a refusal", () => {
    for (const { path, method, operation } of operations()) {
      const where = `${method} ${path}`;
      expect(operation.tags, where).toHaveLength(1);
      expect(operation.summary, where).toMatch(/^[A-Z].{3,60}[^.]$/);
      expect(operation.responses["default"], where).toEqual({
        description: "A refusal.",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      });
      for (const answer of Object.values(operation.responses)) expect(answer.description, where).toBeTypeOf("string");
    }
  });

  test("declares the parameters of its path", () => {
    for (const { path, operation } of operations()) {
      const inPath = operation.parameters?.filter((parameter) => parameter.in === "path") ?? [];
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
      for (const parameter of inPath) expect(parameter.required).toBe(true);
    }
  });

  test("is open only where nobody is asked", () => {
    const open = operations().filter(({ operation }) => operation.security?.length === 0);
    expect(open.map(({ path, method }) => `${method} ${path}`)).toEqual(["post /v1/login", "delete /v1/login"]);
  });
});

test("the page and its files are ours alone", async () => {
  for (const [url, type] of [
    ["/docs", "text/html"],
    ["/docs/page.css", "text/css"],
    ["/docs/page.js", "text/javascript"],
  ] as const) {
    const answer = await api.server.fastify.inject({ url });
    expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, `${type}; charset=utf-8`]);
    expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(answer.payload).not.toMatch(/https?:\/\//);
  }
});
