/** The composition root: the only file that constructs everything, and that knows in which order it begins and ends. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  createHttpServer,
  evoDialect,
  genesysDialect,
  genesysNotifications,
  Logins,
  type MetricSample,
  nativeDialect,
  routeeDialect,
  routeeOutbox,
  routeePlanFormats,
} from "./api/index.ts";
import { evolve, Incoming, LiveCalls, LiveViews, replay, Routing, SipSignaling, ssrcsOf, TrunkCredentials } from "./calls/index.ts";
import { type Config, listening } from "./config/index.ts";
import { watchDatabase } from "./database-watch.ts";
import { type DemoPhone, startDemoPhone } from "./demo-phone/index.ts";
import type { Directory } from "./directory/index.ts";
import { type ApplicationLogin, deskAccount, demoNumber, firstApplication, type FirstRun, firstRun, pointDemoTrunk } from "./first-run.ts";
import { createHttpRequester, createScriptLibrary } from "./flows/index.ts";
import { createHttpClient } from "./http-client/index.ts";
import { createShipper, openJournal, type OpenJournal, type Shipper } from "./journal/index.ts";
import { type Logger, sleep, systemClock, systemIds } from "./kernel/index.ts";
import { createMediaEngine } from "./media/index.ts";
import { loadAgentStates } from "./queues/index.ts";
import { PortPool } from "./rtp/index.ts";
import { rtpHosts, sessionsOf } from "./media-addresses.ts";
import { openSip } from "./open-sip.ts";
import type { SipStack, SocketSipTransport } from "./sip/index.ts";
import { openRecordings, recordingPlaces } from "./recording-services.ts";
import { openPhoneServices } from "./phone-services.ts";
import { openSounds } from "./sound-services.ts";
import { createFliteSynthesizer } from "./speech/index.ts";
import { openDataDirectory, openStore } from "./store/index.ts";
import { openTracing } from "./tracing.ts";
import { createWebhooks, type Webhooks } from "./webhooks/index.ts";

export type ServerOptions = {
  readonly config: Config;
  readonly logger: Logger;
  readonly version: string;
  /** Hears, in plain sentences, what takes time at the start. */
  readonly progress: (message: string) => void;
  /** Nothing can become durable any more: the process should end and be started again. */
  readonly onLost: (cause: unknown) => void;
};

export type Server = {
  /** Where clients reach the HTTP API. */
  readonly url: string;
  readonly sipPort: number;
  readonly demoPhone: DemoPhone | undefined;
  readonly directory: Directory;
  /** What the first start created, with passwords that are not kept in the clear anywhere; undefined on later starts. */
  readonly firstRun: FirstRun | undefined;
  /** The application that this start created. */
  readonly firstApplication: ApplicationLogin | undefined;
  /** Calls that went on from a former process. */
  readonly recovered: number;
  /** Ends live calls with BYE, then everything else, the local database included. */
  close(): Promise<void>;
};

/** How long the far ends of calls are given to take their BYE when the server stops. */
const farewellMs = 2000;

export async function startServer({ config, logger, version, progress, onLost }: ServerOptions): Promise<Server> {
  await using undo = new AsyncDisposableStack();
  const clock = systemClock();
  const ids = systemIds(clock);
  const log = (part: string) => logger.child({ part });

  const data = await openDataDirectory(config.dataDir, clock);
  undo.defer(() => data.close());
  const store = await openStore({ data, databaseUrl: config.databaseUrl, clock, logger: log("store"), progress });
  undo.defer(() => store.close());
  const { directory } = store;
  const shippedTo = await store.archive.cursor();
  const journal = await openJournal({ directory: data.journal, clock, logger: log("journal"), floor: shippedTo, onLost });
  undo.defer(() => journal.close());
  const logins = new Logins({ directory, clock, ids, logger: log("login"), publicUrl: config.publicUrl });
  const scripts = createScriptLibrary({ directory: join(data.path, "flows"), logger: log("flows"), planFormats: routeePlanFormats });

  const httpClient = createHttpClient({ clock, allowPrivateUrls: config.allowPrivateUrls });
  undo.defer(() => httpClient.close());

  progress("Starting speech and media");
  // What a killed process left there is of no use to anybody.
  const tempDir = join(data.path, "tmp");
  await rm(tempDir, { recursive: true, force: true });
  await mkdir(tempDir, { mode: 0o700 });
  const synthesizer = createFliteSynthesizer({ tempDir, logger: log("speech"), clock });
  undo.defer(() => synthesizer.close());
  const { prompts, shelf: sounds } = await openSounds({
    clock,
    log: log("prompts"),
    config: config.sounds,
    data,
    directory,
    recordings: store.recordings,
    synthesizer,
    httpClient,
  });
  undo.defer(() => prompts.close());
  const media = await createMediaEngine({
    workers: config.mediaWorkers,
    sockets: config.mediaSockets,
    ...rtpHosts(config.sip),
    clock,
    logger: log("media"),
    logLevel: config.logLevel,
    prompts,
  });
  undo.defer(() => media.close());
  const requester = createHttpRequester({ client: httpClient, clock, logger: log("requests") });

  const agents = await loadAgentStates(store.agentStates);
  const former = await replay(journal, log("calls"));
  // From here until `recover` nothing may wait: a request for a dialog that is not there yet would be refused.
  const tracing = openTracing({ config, clock, logger: log("trace"), data });
  undo.defer(() => tracing.close());
  const sip = await openSip(config, { clock, ids, logger: log("sip"), store, secret: data.secret, trace: tracing.trace });
  undo.defer(() => sip.close());
  const address = config.publicAddress ?? config.sip.host;
  const sessionFor = sessionsOf(config, sip.transport, data.secret);
  const ports = new PortPool(config.rtpPorts.first, config.rtpPorts.last);
  const routing = new Routing({ directory, registrations: sip.registrar, domain: address, sipHosts: config.sip.hosts });
  const limits = { ringMs: 60_000, totalMs: 4 * 3_600_000 };
  const incoming = new Incoming({ clock, ids, directory, routing, challenger: sip.challenger, ports, scripts, sessionFor, limits });
  const signaling = new SipSignaling({
    clock,
    log: log("signaling"),
    stack: sip.stack,
    locator: sip.locator,
    secret: data.secret,
    sessionFor,
    credentials: new TrunkCredentials(directory, data.secret),
    incoming,
  });
  undo.defer(() => signaling.close());
  sip.screenBy((request, source) => incoming.screen(request, source));

  let shipper: Shipper | undefined;
  const views = new LiveViews(store.history, log("views"), journal.durable, () => shipper?.cursor ?? shippedTo);
  const phones = openPhoneServices({ clock, ids, log: log("phones"), sip, signaling, views, directory, agents, data, domain: address });
  undo.defer(() => phones.close());
  const results = new Map<string, number>();
  const calls = new LiveCalls({
    clock,
    ids,
    log: log("calls"),
    journal,
    views,
    media,
    mediaSettings: {
      ssrcOf: ssrcsOf(data.secret),
      ...recordingPlaces(data, config.recordings),
      mediaTimeoutMs: config.mediaTimeoutMs,
      holdMusic: config.holdMusic,
      toneCountry: config.toneCountry,
    },
    signaling,
    requester,
    ports,
    routing,
    directory,
    scripts,
    limits,
    outboxOf: routeeOutbox(directory),
    ship: (record, ended) => shipper?.offer(record, ended),
    ended: ({ outcome }) => void results.set(outcome?.result ?? "failed", (results.get(outcome?.result ?? "failed") ?? 0) + 1),
  });
  undo.defer(() => calls.stop());
  calls.recover(former);
  signaling.onInvited((input) => calls.invited(input));
  const traces = await tracing.follow(views, sip.locator);
  const webhooks = createWebhooks({ store: store.outbox, client: httpClient, clock, logger: log("webhooks") });
  undo.defer(() => webhooks.close());
  const recordings = openRecordings({
    clock,
    log: log("recordings"),
    store: store.recordings,
    media,
    data,
    config: config.recordings,
    running: () => views.recordingIds(),
  });
  undo.defer(() => recordings.close());
  shipper = createShipper({
    journal,
    archive: store.archive,
    clock,
    logger: log("shipping"),
    stateOf: (accountId, callId) => views.inMemory(accountId, callId),
    evolve,
    shipped: (ended) => calls.shipped(ended),
    filled: () => {
      webhooks.wake();
      recordings.wake();
    },
  });
  undo.defer(() => shipper?.close());
  const database = watchDatabase(store, clock);
  undo.defer(() => database.stop());

  const first = await firstRun({ config, clock, ids, directory, logins, secret: data.secret });
  const application = await firstApplication({ clock, ids, directory }, config.application);
  const desk = deskAccount(directory, data.secret);
  const registrar = { address: loopbackOf(config.sip.host), port: sip.port };
  const demoPhone = config.demo
    ? await startDemo(config, data.path, log("demo phone"), desk && { ...desk, domain: address, registrar })
    : undefined;
  if (demoPhone !== undefined) {
    undo.defer(() => demoPhone.close());
    await pointDemoTrunk({ clock, ids, directory }, { host: config.sip.host, port: demoPhone.port });
  }

  const state = { isReady: false, url: config.publicUrl ?? "" };
  const notifications = genesysNotifications({ clock, ids, logger, logins, publicUrl: config.publicUrl });
  const genesys = genesysDialect({
    clock,
    logger: log("genesys"),
    version,
    directory,
    calls,
    views,
    agents,
    logins,
    notifications,
    publicUrl: () => state.url,
    csrf: { isRequired: config.genesys.csrf, secret: data.secret },
  });
  const http = await createHttpServer({
    clock,
    ids,
    logger,
    version,
    logins,
    dialects: [
      evoDialect({ ids, directory, calls, views, logins }),
      genesys,
      routeeDialect({
        clock,
        ids,
        directory,
        calls,
        views,
        secret: data.secret,
        conversationsPerSecond: config.conversationsPerSecond,
      }),
      nativeDialect({
        clock,
        ids,
        version,
        directory,
        calls,
        views,
        traces,
        recordings: recordings.recordings,
        messages: phones.messages,
        logins,
        sounds,
        demoPhone,
      }),
    ],
    health: () => ({ ready: state.isReady, liveCalls: calls.live, database: database.state, journalHealthy: journal.healthy }),
    metricSources: [
      () => samples({ calls, journal, shipper, webhooks, results, ports, sip: sip.stack, transport: sip.transport.counters }),
      () => tracing.samples(),
    ],
  });
  undo.defer(() => http.close());
  const settings = { hostSetting: "CALLWRIGHT_HTTP_HOST", portSetting: "CALLWRIGHT_HTTP_PORT" };
  const { port } = await listening({ name: "HTTP", ...config.http, ...settings }, http.listen(config.http.host, config.http.port));
  notifications.attachWebSocket(http.fastify.server);
  state.url = config.publicUrl ?? `http://${config.http.host.includes(":") ? `[${config.http.host}]` : config.http.host}:${port}`;
  state.isReady = true;

  const owned = undo.move();
  return {
    url: state.url,
    sipPort: sip.port,
    demoPhone,
    directory,
    firstRun: first,
    firstApplication: application,
    recovered: former.length,
    async close() {
      state.isReady = false;
      await calls.shutDown("shutdown");
      const untilMs = clock.now() + farewellMs;
      phones.close();
      while ((calls.unfinished > 0 || sip.stack.subscriptions.size > 0) && clock.now() < untilMs) await sleep(clock, 20);
      await owned.disposeAsync();
    },
  };
}

type Desk = Parameters<typeof startDemoPhone>[0]["desk"];

/** Where this machine reaches what is bound to `host`. */
function loopbackOf(host: string): string {
  return host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
}

function startDemo(config: Config, dataDir: string, logger: Logger, desk: Desk): Promise<DemoPhone> {
  const { port, rtpPorts } = config.demoPhone;
  const host = loopbackOf(config.sip.host);
  return listening(
    { name: "The demo phone", host, port, hostSetting: "CALLWRIGHT_SIP_HOST", portSetting: "CALLWRIGHT_DEMO_PHONE_PORT" },
    startDemoPhone({
      number: demoNumber,
      host,
      port,
      rtpPorts,
      recordingPath: join(dataDir, "demo-phone", "last-call.wav"),
      logger,
      ...(desk && { desk }),
    }),
  );
}

type Sampled = {
  readonly calls: LiveCalls;
  readonly journal: OpenJournal;
  readonly shipper: Shipper | undefined;
  readonly webhooks: Webhooks;
  readonly results: ReadonlyMap<string, number>;
  readonly ports: PortPool;
  readonly sip: SipStack;
  readonly transport: SocketSipTransport["counters"];
};

function* samples({ calls, journal, shipper, webhooks, results, ports, sip, transport }: Sampled): Iterable<MetricSample> {
  yield gauge("calls_live", "Calls that have not ended.", calls.live);
  yield gauge("journal_pending_records", "Records that are not on disk yet.", journal.lastPosition - journal.durable);
  yield gauge("journal_healthy", "1 while the journal takes records.", journal.healthy ? 1 : 0);
  yield gauge(
    "shipping_pending_records",
    "Durable records that the store has not got yet.",
    journal.durable - (shipper?.cursor ?? journal.durable),
  );
  const { underWay, delivered, failedAttempts, givenUp } = webhooks.counters();
  yield gauge("webhooks_under_way", "Webhooks that are being posted now.", underWay);
  yield counter("webhooks_delivered_total", "Webhooks that were taken.", delivered);
  yield counter("webhooks_failed_attempts_total", "Attempts to post a webhook that failed.", failedAttempts);
  yield counter("webhooks_given_up_total", "Webhooks that were never taken.", givenUp);
  yield gauge("rtp_ports_free", "RTP port pairs that are free.", ports.free);
  for (const [result, value] of results) {
    yield { name: "callwright_calls_ended_total", help: "Calls that ended, by result.", kind: "counter", value, labels: { result } };
  }
  const counters = sip.counters();
  yield gauge("sip_dialogs", "INVITE dialog usages alive.", counters.usages);
  yield gauge("sip_transactions", "SIP transactions, with those that only wait for repeats.", counters.live + counters.lingering);
  yield gauge("sip_connections", "SIP connections (TCP, TLS, WebSocket), with those in their handshake.", transport.connections);
  yield counter("sip_connections_refused_total", "SIP connections turned away because of a limit.", transport.connectionsRefused);
  yield counter(
    "sip_handshake_failures_total",
    "SIP connections that failed in TLS or in the upgrade to WebSocket.",
    transport.handshakeFailures,
  );
  yield counter("sip_dropped_total", "Bytes on SIP ports that were no message that can be answered.", transport.dropped);
  yield counter("sip_send_failures_total", "SIP messages that could not be sent.", transport.sendFailures);
  for (const [method, value] of Object.entries(counters.requests)) {
    yield { name: "callwright_sip_requests_total", help: "SIP requests received, by method.", kind: "counter", value, labels: { method } };
  }
}

function counter(name: string, help: string, value: number): MetricSample {
  return { name: `callwright_${name}`, help, kind: "counter", value };
}

function gauge(name: string, help: string, value: number): MetricSample {
  return { name: `callwright_${name}`, help, kind: "gauge", value };
}
