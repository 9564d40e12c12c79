/** The Evo dialect over the fakes, and a short way to ask it something. */
import type { InjectOptions } from "fastify";
import { evoDialect } from "../../../src/api/dialect/evo/dialect.ts";
import type { SessionInfo } from "../../../src/api/dialect/evo/session/contracts.ts";
import type { HttpServer } from "../../../src/api/index.ts";
import type { Call } from "../../../src/calls/index.ts";
import type { Role } from "../../../src/directory/index.ts";
import { basicOf, testHouse, type TestHouse, testServer } from "./http.ts";

export type EvoAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The body read as JSON, whatever a test expects of it; empty for other formats. */
  readonly body: SessionInfo & {
    readonly sessions?: readonly SessionInfo[];
    readonly items?: readonly SessionInfo[];
    readonly totalCount?: number;
    readonly totalPages?: number;
    readonly hasMorePages?: boolean;
    readonly roles?: readonly string[];
    readonly userName?: string;
    readonly sessionId?: string;
    readonly isAuthenticated?: boolean;
    readonly responseStatus?: {
      readonly errorCode: string;
      readonly message: string;
      readonly errors: readonly { readonly errorCode: string; readonly fieldName: string; readonly message: string }[];
    };
  };
};

export type EvoApi = TestHouse & {
  readonly server: HttpServer;
  /** Sends a request as the user of a role, or as nobody. An object goes as JSON. */
  ask(
    role: Role | undefined,
    method: NonNullable<InjectOptions["method"]>,
    url: string,
    payload?: object | string,
    headers?: Record<string, string>,
  ): Promise<EvoAnswer>;
  /** A live call to a phone that rings, asked for by the user of `role`. */
  startCall(role?: Role, to?: string): Promise<Call>;
};

export async function evoApi(options: { readonly publicUrl?: string } = {}): Promise<EvoApi> {
  const house = await testHouse(options);
  const server = await testServer(house, [evoDialect(house)]);
  return Object.assign(house, {
    server,
    async ask(role: Role | undefined, method: NonNullable<InjectOptions["method"]>, url: string, payload?: object | string, headers = {}) {
      const answer = await server.fastify.inject({
        method,
        url,
        headers: { ...(role === undefined ? {} : { authorization: basicOf(role) }), ...headers },
        ...(payload === undefined ? {} : { payload }),
      });
      const isJson = String(answer.headers["content-type"]).includes("application/json") && answer.payload !== "";
      const body = isJson ? answer.json<EvoAnswer["body"]>() : {};
      return { status: answer.statusCode, headers: answer.headers, text: answer.payload, body };
    },
    startCall(role: Role = "manager", to = "+12025550100") {
      const { users, number, flowId, accountId, calls } = house;
      return calls.originate(accountId, { by: users[role].id, to, callerId: number, flowId });
    },
  });
}
