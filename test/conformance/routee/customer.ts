/** The dialect over real calls on the virtual network: a customer's program, those it calls, and what it is told. */
import type { InjectOptions } from "fastify";
import { createHttpServer, Logins, routeeDialect, routeeOutbox, routeePlanFormats, secretHashOf } from "../../../src/api/index.ts";
import type { Call, Json } from "../../../src/calls/index.ts";
import { idOfUuid, silentLogger, systemIds, uuidOf } from "../../../src/kernel/index.ts";
import { callee, callNow, crash, scene, type Behaviour, type FarEnd, type Scene } from "../../scenario/scene.ts";
import { accountId, type HouseOptions } from "../../support/call-house.ts";

export type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

/** What was put into the journal for the customer's server, in order. */
export type Told = { readonly url: string; readonly key: string; readonly id: string; readonly body: Readonly<Record<string, unknown>> };

type Method = NonNullable<InjectOptions["method"]>;

export type Customer = Scene & {
  /** Where numbers that begin with +1202555019 lead: whom a DIAL calls. */
  readonly second: FarEnd;
  ask(method: Method, url: string, payload?: object): Promise<Answer>;
  /** Starts a conversation with the far end, lets `passMs` go by, and gives the call. */
  start(changes?: object, passMs?: number): Promise<Call>;
  told(url?: string): readonly Told[];
  /** Statuses that were told to `url`, in order. */
  statuses(url?: string): readonly unknown[];
  messages(call: Call): Promise<readonly Readonly<Record<string, unknown>>[]>;
  press(call: Call, tones: string): Promise<void>;
  /** What the first party is played ends; a hundredth of a second later the call has gone on. */
  promptEnds(call: Call, reason?: "finished" | "digit" | "failed"): Promise<void>;
  /** Whoever was asked last answers. */
  reply(status: number, body: unknown): Promise<void>;
  /** What was asked of the customer's server, oldest first. */
  asked(): readonly { readonly url: string; readonly body: Readonly<Record<string, unknown>> }[];
  /** The text that the first party hears. */
  hears(call: Call): string | undefined;
  now(call: Call): Promise<Call>;
  restart(): Promise<void>;
};

export const events = "https://app.example/events";
const applicationId = "5756a411e4b06a33d50517c7";
const secondAddress = "192.0.2.60";

export async function customer(
  behaviour: Behaviour = { answersAfterMs: 1000 },
  second: Behaviour = { answersAfterMs: 1000 },
): Promise<Customer> {
  const later: { at?: Scene } = {};
  const options: HouseOptions = {
    planFormats: routeePlanFormats,
    sipHosts: ["192.0.2.9"],
    outboxOf: (step) => (later.at === undefined ? [] : routeeOutbox(later.at.house.directory)(step)),
  };
  const at = await scene({ start: "end", nodes: { end: { verb: "hang-up" } } }, behaviour, {}, options);
  later.at = at;
  await at.house.addTrunk({ id: "b".repeat(24), host: secondAddress, prefixes: ["+1202555019"] });
  const user = await addApplication(at);
  let server = await open(at);
  let token = "";

  const inject = async (request: InjectOptions): Promise<Answer> => {
    const answer = await pumped(at, server.fastify.inject(request));
    return { status: answer.statusCode, body: answer.payload === "" ? {} : answer.json<Answer["body"]>() };
  };
  const self: Customer = {
    ...at,
    // Of the scene, which a restart changes.
    get house() {
      return at.house;
    },
    set house(house) {
      at.house = house;
    },
    second: callee(at, secondAddress, second),
    ask: (method, url, payload) =>
      inject({ method, url, headers: { authorization: `Bearer ${token}` }, ...(payload !== undefined && { payload }) }),
    async start(changes = {}, passMs = 1500) {
      const pause = { verbs: [{ type: "PAUSE", duration: 5 }] };
      const callback = { url: events, strategy: "OnChange" };
      const { status, body } = await self.ask("POST", "/voice/conversation", {
        from: "+18144043093",
        to: { phone: "+12025550100" },
        dialPlan: pause,
        callback,
        ...changes,
      });
      if (status !== 200) throw new Error(JSON.stringify(body));
      await at.clock.advanceAsync(passMs);
      const call = await at.house.views.get(accountId, idOfUuid(String(body["trackingId"])) ?? "");
      return call ?? callNow(at);
    },
    told: (url) =>
      at.journal.records
        .flatMap(({ outbox = [] }) => outbox.map(({ body, ...item }) => ({ ...item, body: body as Told["body"] })))
        .filter((item) => url === undefined || item.url === url),
    statuses: (url = events) => self.told(url).map(({ body }) => (body["status"] as { readonly name: string }).name),
    async messages({ id }) {
      const { body } = await self.ask("GET", `/voice/tracking/conversation/${uuidOf(id)}`);
      return body["content"] as readonly Readonly<Record<string, unknown>>[];
    },
    async press(call, tones) {
      for (const digit of tones) at.house.media.happen(call.id, legOf(call), { kind: "digit", digit, durationMs: 80 });
      await at.clock.advanceAsync(50);
    },
    async promptEnds(call, reason = "finished") {
      const source = at.house.media.plans.get(call.id)?.endpoints[0]?.source;
      const promptId = source?.kind === "prompt" ? source.prompt.promptId : "";
      at.house.media.happen(call.id, legOf(call), { kind: "prompt-ended", promptId, reason, playedMs: 100 });
      await at.clock.advanceAsync(10);
    },
    async reply(status, body) {
      at.house.requests.at(-1)?.answer({ status, body: body as Json, ...(status === 0 && { error: "timeout" }) });
      await at.clock.advanceAsync(50);
    },
    asked: () =>
      at.house.requests.map(({ request }) => ({
        url: request.url,
        body: JSON.parse(request.body ?? "{}") as Readonly<Record<string, unknown>>,
      })),
    hears(call) {
      const source = at.house.media.plans.get(call.id)?.endpoints[0]?.source;
      const item = source?.kind === "prompt" ? source.prompt.items[0] : undefined;
      return item?.kind === "speech" ? item.text : undefined;
    },
    async now(call) {
      return (await at.house.views.get(accountId, call.id)) ?? call;
    },
    async restart() {
      await server.close();
      await crash(at, 100);
      server = await open(at);
    },
  };
  const basic = Buffer.from(`${applicationId}:${user}`).toString("base64");
  const { body } = await inject({
    method: "POST",
    url: "/oauth/token?grant_type=client_credentials",
    headers: { authorization: `Basic ${basic}` },
  });
  token = String(body["access_token"]);
  return self;
}

function legOf({ legs }: Call): string {
  return Object.keys(legs)[0] ?? "";
}

async function addApplication({ house, clock }: Scene): Promise<string> {
  const row = { accountId, createdAt: clock.now(), updatedAt: clock.now() };
  const userId = "c".repeat(24);
  const person = { email: "a@example.com", firstName: "A", lastName: "B", roles: ["administrator"], passwordHash: "" } as const;
  await house.directory.users.insert({ id: userId, ...row, ...person });
  await house.directory.applications.insert({ id: applicationId, ...row, userId, name: "Test", secretHash: secretHashOf("secret") });
  return "secret";
}

function open({ house, clock }: Scene) {
  const ids = systemIds(clock);
  const logger = silentLogger;
  const { directory, calls, views } = house;
  const dialect = routeeDialect({ clock, ids, directory, calls, views, secret: Buffer.alloc(32, 1), conversationsPerSecond: 1000 });
  return createHttpServer({
    clock,
    ids,
    logger,
    version: "0",
    logins: new Logins({ directory, clock, ids, logger }),
    dialects: [dialect],
    health: () => ({ ready: true, liveCalls: 0, database: "up", journalHealthy: true }),
    metricSources: [],
  });
}

/** What waits for the disk waits for the virtual clock. */
async function pumped<T>({ clock }: Scene, promise: PromiseLike<T>): Promise<T> {
  const state = { isDone: false };
  const watched = Promise.resolve(promise).finally(() => {
    state.isDone = true;
  });
  while (!state.isDone) await clock.advanceAsync(1);
  return watched;
}
