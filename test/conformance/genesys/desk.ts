/** Agents' desktops: the dialect over real calls on the virtual network, a way to ask it as a colleague, and what CometD clients would hear. */
import type { InjectOptions } from "fastify";
import { createHttpServer, genesysDialect, genesysNotifications, type HttpServer, Logins } from "../../../src/api/index.ts";
import { silentLogger, systemIds } from "../../../src/kernel/index.ts";
import { type AgentState, type AgentStates, type AgentStateStore, loadAgentStates } from "../../../src/queues/index.ts";
import { type Colleague, type Office, office, userOf } from "../../scenario/agents.ts";
import { crash } from "../../scenario/scene.ts";
import { accountId } from "../../support/call-house.ts";

export type Heard = { readonly userKey: string; readonly channel: string; readonly data: Message };

/** The members that tests look at; exact documents are compared as a whole. */
export type Message = {
  readonly messageType: string;
  readonly notificationType?: string;
  readonly call?: Resource;
  readonly phoneNumber?: string;
  readonly extensions?: object;
  readonly devices?: readonly Resource[];
};

export type Resource = { readonly id: string; readonly state: string; readonly capabilities: readonly string[] } & Readonly<
  Record<string, unknown>
>;

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly body: {
    readonly statusCode: number;
    readonly statusMessage?: string;
    readonly uris?: readonly string[];
    readonly calls?: readonly Resource[];
    readonly call?: Resource;
    readonly devices?: readonly Resource[];
    readonly device?: Resource;
    readonly user?: Readonly<Record<string, unknown>>;
  };
};

type Method = NonNullable<InjectOptions["method"]>;

export type Desk = {
  readonly at: Office;
  readonly heard: Heard[];
  readonly endedLogins: string[];
  /** These three are new after a restart. */
  logins: Logins;
  agents: AgentStates;
  server: HttpServer;
  /** Sends a request with the cookie of this colleague, or with none. */
  ask(
    who: Colleague | undefined,
    method: Method,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  operate(who: Colleague, path: string, operationName: string, parameters?: object): Promise<Answer>;
  /** Dials from this colleague's device, lets `passMs` go by, and gives the call as the colleague sees it. */
  dial(who: Colleague, phoneNumber: string, parameters?: object, passMs?: number): Promise<Resource>;
  callOf(who: Colleague): Promise<Resource>;
  tokenOf(who: Colleague): string;
  deviceOf(who: Colleague): Promise<string>;
  /** What was published to this colleague since last asked, oldest first. */
  heardBy(who: Colleague, channel?: string): readonly Message[];
  pass(ms: number): Promise<void>;
  /** The process ends and another one begins: directory, journal and stored states are what is left. */
  restart(): Promise<void>;
};

const publicUrl = "http://127.0.0.1:8080";
export const apiUrl = `${publicUrl}/api/v2`;
export const password = "correct horse";

type DeskOptions = { readonly csrf?: boolean; readonly away?: Colleague };

export async function desk(behaviour: Parameters<typeof office>[0] = {}, { csrf = false, away }: DeskOptions = {}): Promise<Desk> {
  const at = await office(behaviour, away === undefined ? {} : { away });
  const stored = new Map<string, AgentState>();
  const store: AgentStateStore = {
    load: async () => [...stored.values()],
    save: async (state) => void stored.set(state.userId, state),
  };
  const heard: Heard[] = [];
  const endedLogins: string[] = [];
  const tokens = new Map<Colleague, string>();
  const opened = await open(at, store, { heard, endedLogins, csrf });
  await givePasswords(at, opened.logins);
  for (const who of ["ann", "ben", "cleo"] as const) {
    const user = at.house.directory.users.byId(userOf(who));
    if (user !== undefined) tokens.set(who, (await opened.logins.createLogin(user, { permanent: false })).token);
  }
  const self: Desk = {
    at,
    heard,
    endedLogins,
    ...opened,
    async ask(who, method, path, body, headers = {}) {
      const cookie = who === undefined ? {} : { cookie: `JSESSIONID=${tokens.get(who)}` };
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const asked = self.server.fastify.inject({
        method,
        url: `/api/v2${path}`,
        headers: { ...cookie, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { payload: text }),
      });
      const answer = await pumped(at, asked);
      const isJson = String(answer.headers["content-type"]).includes("json");
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text: answer.payload,
        body: isJson && answer.payload !== "" ? answer.json<Answer["body"]>() : { statusCode: -1 },
      };
    },
    operate: (who, path, operationName, parameters = {}) => self.ask(who, "POST", path, { operationName, ...parameters }),
    async dial(who, phoneNumber, parameters = {}, passMs = 1000) {
      const answer = await self.operate(who, `${await self.deviceOf(who)}/calls`, "Dial", { destination: { phoneNumber }, ...parameters });
      if (answer.text !== '{"statusCode":0}') throw new Error(answer.text);
      await self.pass(passMs);
      return self.callOf(who);
    },
    async callOf(who) {
      const { calls = [] } = (await self.ask(who, "GET", "/me/calls?fields=*")).body;
      const call = calls.at(-1);
      if (call === undefined) throw new Error(`${who} is in no call`);
      return call;
    },
    tokenOf: (who) => tokens.get(who) ?? "",
    async deviceOf(who) {
      const { uris = [] } = (await self.ask(who, "GET", "/me/devices")).body;
      return (uris[0] ?? "").slice(apiUrl.length);
    },
    heardBy(who, channel = "/v2/me/calls") {
      const mine = heard.filter((message) => message.userKey === userOf(who) && message.channel === channel);
      for (const message of mine) heard.splice(heard.indexOf(message), 1);
      return mine.map(({ data }) => data);
    },
    pass: (ms) => at.clock.advanceAsync(ms),
    async restart() {
      await self.server.close();
      await crash(at, 500);
      Object.assign(self, await open(at, store, { heard, endedLogins, csrf }));
    },
  };
  return self;
}

type Opened = Pick<Desk, "logins" | "agents" | "server">;

async function open(
  at: Office,
  store: AgentStateStore,
  to: Pick<Desk, "heard" | "endedLogins"> & { readonly csrf: boolean },
): Promise<Opened> {
  const { clock } = at;
  const { directory, calls, views } = at.house;
  const ids = systemIds(clock);
  const common = { clock, ids, logger: silentLogger, version: "1.2.3" };
  const logins = new Logins({ directory, ...common, publicUrl });
  const agents = await loadAgentStates(store);
  const clients = genesysNotifications({ ...common, logins });
  const dialect = genesysDialect({
    ...common,
    directory,
    calls,
    views,
    agents,
    logins,
    publicUrl: () => publicUrl,
    csrf: { isRequired: to.csrf, secret: Buffer.alloc(32, 7) },
    notifications: {
      register: (scope) => clients.register(scope),
      publish(userKey, channel, data) {
        to.heard.push({ userKey, channel, data: JSON.parse(JSON.stringify(data)) as Message });
        clients.publish(userKey, channel, data);
      },
      disconnectLogin(loginId) {
        to.endedLogins.push(loginId);
        clients.disconnectLogin(loginId);
      },
    },
  });
  const health = { ready: true, liveCalls: 0, database: "up", journalHealthy: true } as const;
  const server = await createHttpServer({ ...common, logins, dialects: [dialect], health: () => health, metricSources: [] });
  return { logins, agents, server };
}

/** Ann and Ben are agents, Cleo administers and makes no calls here. */
async function givePasswords({ house: { directory } }: Office, logins: Logins): Promise<void> {
  const passwordHash = await logins.hashPassword(password);
  for (const user of directory.users.list(accountId)) {
    const roles = user.id === userOf("cleo") ? (["administrator"] as const) : user.roles;
    await directory.users.update({ ...user, roles, passwordHash });
  }
}

/** Time passes while an answer is awaited: what it depends on becomes durable. */
async function pumped<T>(at: Office, promise: PromiseLike<T>): Promise<T> {
  const state = { isDone: false };
  const watched = Promise.resolve(promise).finally(() => {
    state.isDone = true;
  });
  while (!state.isDone) await at.clock.advanceAsync(1);
  return watched;
}
