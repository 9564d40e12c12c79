/** What arrives in a bad shape: each case in every format, with the answer's status and its body in the caller's format. */
import { beforeAll, describe, expect, test } from "vitest";
import { type EvoApi, evoApi } from "../../../../test/support/fakes/evo.ts";
import { parseJson } from "./format/json.ts";
import { parseJsv } from "./format/jsv.ts";
import { parseXml } from "./format/xml-parser.ts";

let api: EvoApi;
let sessionId: string;
beforeAll(async () => {
  api = await evoApi();
  sessionId = (await api.startCall()).id;
  api.calls.answer(sessionId);
});

const formats = ["json", "jsv", "xml"] as const;
type Format = (typeof formats)[number];

const mediaTypes: Readonly<Record<Format, string>> = { json: "application/json", jsv: "text/jsv", xml: "application/xml" };
const contentTypes: Readonly<Record<Format, string>> = { ...mediaTypes, json: "application/json; charset=utf-8" };

/** Code and first field of an error, read from the format that the caller asked for. */
function errorIn(format: Format, text: string): { readonly code: unknown; readonly field: unknown } {
  if (format === "xml") {
    const root = parseXml(text);
    if (!root.ok) throw new Error(`${root.reason}: ${text}`);
    const [status] = root.value.children;
    const part = (name: string) => status?.children.find((child) => child.name === name);
    const field = part("Errors")?.children[0]?.children.find(({ name }) => name === "FieldName")?.text;
    expect(root.value.name).toBe("ErrorResponse");
    expect(root.value.attributes.get("xmlns")).toBe("http://schemas.servicestack.net/types");
    return { code: part("ErrorCode")?.text, field };
  }
  const read = format === "json" ? parseJson(text) : parseJsv(text);
  const { responseStatus } = (read.ok ? read.value : {}) as {
    responseStatus: { errorCode: string; errors: readonly { fieldName: string }[] };
  };
  return { code: responseStatus.errorCode, field: responseStatus.errors[0]?.fieldName };
}

type Case = {
  readonly name: string;
  readonly path?: string;
  readonly method?: "POST" | "PATCH" | "GET";
  readonly role?: "manager" | "user";
  readonly bodies: Readonly<Record<Format, string>>;
  readonly status: number;
  readonly code: string;
  readonly field?: string;
};

const outgoing = "/sessions/outgoing";
const nothing = { json: "", jsv: "", xml: "" };
const large = "x".repeat(1024 * 1024);

const cases: readonly Case[] = [
  {
    name: "cut off",
    bodies: { json: '{"flowId":', jsv: "{flowId", xml: "<NewOutgoingSession><FlowId>" },
    status: 400,
    code: "SerializationException",
  },
  { name: "nonsense", bodies: { json: "nonsense", jsv: "}{", xml: "nonsense" }, status: 400, code: "SerializationException" },
  {
    name: "a list where an object is due",
    bodies: { json: "[]", jsv: "[a,b]", xml: "<ArrayOfString/>" },
    status: 400,
    code: "SerializationException",
  },
  {
    name: "too deep, or with a document type",
    bodies: { json: '"deep"', jsv: `{a:${"[".repeat(100)}`, xml: "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><NewOutgoingSession/>" },
    status: 400,
    code: "SerializationException",
  },
  { name: "missing members", bodies: nothing, status: 400, code: "NotEmpty", field: "FlowId" },
  {
    name: "only unknown members",
    bodies: { json: '{"wrong":1}', jsv: "{wrong:1}", xml: "<NewOutgoingSession><Wrong>1</Wrong></NewOutgoingSession>" },
    status: 400,
    code: "NotEmpty",
    field: "FlowId",
  },
  {
    name: "an object where a text is due",
    bodies: {
      json: '{"flowId":"f","callerId":{"a":1}}',
      jsv: "{flowId:f,callerId:{a:1}}",
      xml: "<NewOutgoingSession><FlowId>f</FlowId><CallerId><A>1</A></CallerId></NewOutgoingSession>",
    },
    status: 400,
    code: "RequestBindingException",
    field: "CallerId",
  },
  {
    name: "a value outside an enumeration",
    path: "/sessions/:id",
    method: "PATCH",
    bodies: { json: '{"CALLSTATE":"Up"}', jsv: "{callState:Up}", xml: "<PatchSession><CallState>Up</CallState></PatchSession>" },
    status: 400,
    code: "RequestBindingException",
    field: "CallState",
  },
  {
    name: "a number outside an enumeration",
    path: "/sessions/:id",
    method: "PATCH",
    bodies: { json: '{"holdReason":2}', jsv: "{holdReason:2}", xml: "<PatchSession><HoldReason>2</HoldReason></PatchSession>" },
    status: 400,
    code: "RequestBindingException",
    field: "HoldReason",
  },
  {
    name: "an unknown session",
    path: "/sessions/000000000000000000000000",
    method: "PATCH",
    bodies: { json: "{}", jsv: "{}", xml: "<PatchSession/>" },
    status: 404,
    code: "NotFound",
  },
  { name: "a missing role", role: "user", bodies: nothing, status: 403, code: "Invalid Role" },
  {
    name: "1 MiB and more",
    bodies: {
      json: `{"flowId":"${large}"}`,
      jsv: `{flowId:${large}}`,
      xml: `<NewOutgoingSession><FlowId>${large}</FlowId></NewOutgoingSession>`,
    },
    status: 413,
    code: "RequestEntityTooLarge",
  },
  {
    name: "data that no call carries",
    path: "/sessions/:id",
    method: "PATCH",
    bodies: {
      json: '{"consoleData":"a\\u0000"}',
      jsv: "{consoleData:a\u0000}",
      xml: "<PatchSession><ConsoleData>a\u0000</ConsoleData></PatchSession>",
    },
    status: 400,
    code: "RequestBindingException",
    field: "ConsoleData",
  },
];

describe.each(formats)("in %s", (format) => {
  test.each(cases)("$name: $status", async ({ path = outgoing, method = "POST", role = "manager", bodies, status, code, field }) => {
    const headers = { accept: mediaTypes[format], "content-type": mediaTypes[format] };
    const answer = await api.ask(role, method, path.replace(":id", sessionId), bodies[format], headers);
    expect({ status: answer.status, ...errorIn(format, answer.text) }).toEqual({ status, code, field });
    expect(answer.headers["content-type"]).toBe(contentTypes[format]);
    expect(answer.headers["vary"]).toBe("Accept");
  });

  test("nobody: 401", async () => {
    const answer = await api.ask(undefined, "GET", `/sessions?format=${format}`);
    expect({ status: answer.status, ...errorIn(format, answer.text) }).toEqual({ status: 401, code: "Unauthorized", field: undefined });
  });

  test("an operation that does not exist: 405", async () => {
    for (const name of ["DeleteEverything", "NewOutgoingSession"]) {
      const answer = await api.ask("manager", "PUT", `/${format}/reply/${name}`);
      expect({ status: answer.status, code: errorIn(format, answer.text).code }).toEqual({ status: 405, code: "NotImplementedException" });
    }
  });
});

test.each([
  ["PUT", "/sessions"],
  ["GET", "/sessions/outgoing/more/and/more"],
  ["GET", "/nowhere.json"],
  ["PUT", "/auth.xml"],
] as const)("%s %s is not there, which is said in plain text", async (method, url) => {
  const { status, headers, text } = await api.ask("manager", method, url);
  expect({ status, type: headers["content-type"], text, allow: headers["allow"] }).toEqual({
    status: 404,
    type: "text/plain; charset=utf-8",
    text: "Handler for Request not found",
    allow: undefined,
  });
});

test("a body says which format and which type could not be read", async () => {
  const { body } = await api.ask("manager", "POST", outgoing, "{flowId", { "content-type": "text/jsv" });
  expect(body.responseStatus?.message).toBe(
    "Could not deserialize 'text/jsv' request using NewOutgoingSession\nError: a colon is missing after a name, at 7",
  );
});

test("a body of a type that nobody registered means nothing", async () => {
  const { body } = await api.ask("manager", "POST", outgoing, '{"flowId":"x"}', { "content-type": "application/cbor" });
  expect(body.responseStatus).toMatchObject({ errorCode: "NotEmpty", errors: [{ fieldName: "FlowId" }, { fieldName: "NumberToDial" }] });
});

const order = () => ({ flowId: api.flowId, numberToDial: "+12025550100" });

describe("where members come from", () => {
  test("a form", async () => {
    const form = new URLSearchParams(order()).toString();
    expect((await api.ask("manager", "POST", outgoing, form, { "content-type": "application/x-www-form-urlencoded" })).status).toBe(204);
  });

  test("a body without Content-Type is JSON, or what the address names", async () => {
    const { flowId, numberToDial } = order();
    expect((await api.ask("manager", "POST", outgoing, JSON.stringify(order()))).status).toBe(204);
    const jsv = `{flowId:${flowId},numberToDial:${numberToDial}}`;
    expect((await api.ask("manager", "POST", "/jsv/reply/NewOutgoingSession", jsv)).status).toBe(204);
  });

  test("at an operation's name the query fills what the body left open", async () => {
    const query = new URLSearchParams({ flowId: api.flowId, numberToDial: "wrong" }).toString();
    const answer = await api.ask("manager", "POST", `/api/newoutgoingsession?${query}`, { FLOWID: null, NumberToDial: "+12025550100" });
    expect(answer.status).toBe(204);
  });

  test("elsewhere it wins over the body", async () => {
    const query = new URLSearchParams({ numberToDial: "wrong" }).toString();
    const { body } = await api.ask("manager", "POST", `${outgoing}?${query}`, order());
    expect(body.responseStatus?.errors[0]?.fieldName).toBe("NumberToDial");
  });
});
