/** The Routee dialect over the fakes, with one application, and a short way to ask it something. */
import type { InjectOptions } from "fastify";
import { evoDialect, routeeDialect, secretHashOf, type HttpServer } from "../../../src/api/index.ts";
import { testHouse, type TestHouse, testServer } from "./http.ts";

export const applicationId = "5756a411e4b06a33d50517c7";
export const applicationSecret = "vb6QpjCIOG";
/** Of the vendor's guide, for the pair above. */
export const basicOfApplication = "Basic NTc1NmE0MTFlNGIwNmEzM2Q1MDUxN2M3OnZiNlFwakNJT0c=";

type Method = NonNullable<InjectOptions["method"]>;

export type RouteeAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** Whatever a test expects of it. */
  readonly body: Readonly<Record<string, unknown>>;
};

export type RouteeApi = TestHouse & {
  readonly server: HttpServer;
  /** The application's token, asked for once. */
  readonly token: string;
  /** Sends a request with the token, unless `headers` bring another authorization. */
  ask(method: Method, url: string, payload?: object | string, headers?: Record<string, string>): Promise<RouteeAnswer>;
  tokenFor(form: string, headers?: Record<string, string>): Promise<RouteeAnswer>;
  /** A second account's application; the token it got. */
  otherToken(): Promise<string>;
};

export async function routeeApi(
  options: { readonly conversationsPerSecond?: number; readonly house?: TestHouse } = {},
): Promise<RouteeApi> {
  const house = options.house ?? (await testHouse());
  const { clock, ids, directory, calls, views, accountId, users } = house;
  const secret = Buffer.alloc(32, 7);
  const dialect = routeeDialect({
    clock,
    ids,
    directory,
    calls,
    views,
    secret,
    conversationsPerSecond: options.conversationsPerSecond ?? 1000,
  });
  const server = await testServer(house, [dialect, evoDialect(house)]);
  const dates = { createdAt: clock.now(), updatedAt: clock.now() };
  const userId = users.administrator.id;
  const row = { id: applicationId, accountId, userId, ...dates, name: "Test", secretHash: secretHashOf(applicationSecret) };
  if (directory.applications.byId(applicationId) === undefined) await directory.applications.insert(row);
  const send = async (method: Method, url: string, payload: object | string | undefined, headers: Record<string, string>) => {
    const answer = await server.fastify.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
    const isJson = String(answer.headers["content-type"]).includes("application/json");
    const body = isJson ? answer.json<RouteeAnswer["body"]>() : {};
    return { status: answer.statusCode, headers: answer.headers, text: answer.payload, body };
  };
  const tokenFor = (form: string, headers: Record<string, string> = { authorization: basicOfApplication }) =>
    send("POST", "/oauth/token", form, { "content-type": "application/x-www-form-urlencoded", ...headers });
  const { body } = await tokenFor("grant_type=client_credentials");
  const token = String(body["access_token"]);
  return Object.assign(house, {
    server,
    token,
    tokenFor,
    ask: (method: Method, url: string, payload?: object | string, headers: Record<string, string> = {}) =>
      send(method, url, payload, {
        authorization: `Bearer ${token}`,
        ...(typeof payload === "string" ? { "content-type": "application/json" } : {}),
        ...headers,
      }),
    async otherToken() {
      const other = { id: ids.next(), ...dates, name: "Other" };
      await directory.accounts.insert(other);
      const user = { ...users.administrator, id: ids.next(), accountId: other.id, email: "other@example.com" };
      await directory.users.insert(user);
      const application = { ...row, id: ids.next(), accountId: other.id, userId: user.id };
      await directory.applications.insert(application);
      const authorization = `Basic ${Buffer.from(`${application.id}:${applicationSecret}`).toString("base64")}`;
      const answer = await tokenFor("grant_type=client_credentials", { authorization });
      return String(answer.body["access_token"]);
    },
  });
}

/** The smallest conversation there is. */
export function smallConversation(changes: object = {}): object {
  return { to: { phone: "+12025550100" }, from: "+18144043093", dialPlan: { verbs: [{ type: "PAUSE", duration: 1 }] }, ...changes };
}
