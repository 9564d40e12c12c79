/** The call layer with real SIP over the virtual network, real flows, and a journal and media that tests steer. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Call, CallEvent, Journal, JournalRecord, RecordDraft } from "../../src/calls/index.ts";
import { LiveCalls, type LiveCallsOptions } from "../../src/calls/live-calls.ts";
import { LiveViews } from "../../src/calls/live-views.ts";
import type { HttpRequest, HttpResult } from "../../src/calls/ports.ts";
import { Routing, type RoutingOptions } from "../../src/calls/routing.ts";
import { TrunkCredentials } from "../../src/calls/signaling/credentials.ts";
import { legCapabilities } from "../../src/calls/signaling/capabilities.ts";
import { Incoming } from "../../src/calls/signaling/incoming.ts";
import type { SessionSettings } from "../../src/calls/signaling/session.ts";
import { SipSignaling } from "../../src/calls/signaling/sip-signaling.ts";
import { type Flow, type Phone, type Trunk, usualTrunkPolicy } from "../../src/directory/index.ts";
import { createScriptLibrary, type ScriptLibraryOptions, validateFlow } from "../../src/flows/index.ts";
import { openPhoneServices, type PhoneServices } from "../../src/phone-services.ts";
import { type AgentStates, loadAgentStates } from "../../src/queues/index.ts";
import { derive, silentLogger, systemIds } from "../../src/kernel/index.ts";
import type { MediaEngine, MediaEvent, MediaEventHandler, MediaPlan } from "../../src/media/index.ts";
import { PortPool } from "../../src/rtp/index.ts";
import { Challenger, Locator, type SipStack } from "../../src/sip/index.ts";
import type { LocatorOptions } from "../../src/sip/location/locator.ts";
import type { SipTransport } from "../../src/sip/transport/transport.ts";
import { fakeDirectory } from "./fakes/directory.ts";
import { userAgent } from "./sip-ends.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import type { VirtualNetwork } from "./virtual-network.ts";

export const accountId = "a".repeat(24);
export const ownedNumber = "+18144043093";
const secret = Buffer.alloc(32, 7);

/** A journal in memory that is durable after a virtual millisecond, or when told. Survives the house that wrote it. */
export class MemoryJournal implements Journal {
  readonly records: JournalRecord[] = [];
  durable = 0;
  healthy = true;
  lastAliveAt: number | undefined;
  /** Nothing becomes durable while true. */
  isStuck = false;
  readonly #clock: VirtualClock;
  #handlers: ((position: number) => void)[] = [];

  constructor(clock: VirtualClock) {
    this.#clock = clock;
  }

  append(draft: RecordDraft): number {
    const record = JSON.parse(JSON.stringify({ ...draft, position: this.records.length + 1, epoch: 1 })) as JournalRecord;
    this.records.push(record);
    this.#clock.after(1, () => this.flush());
    return record.position;
  }

  flush(): void {
    if (this.isStuck) return;
    this.durable = this.records.length;
    for (const handler of this.#handlers) handler(this.durable);
  }

  onDurable(handler: (position: number) => void): void {
    this.#handlers.push(handler);
  }

  /** The process is gone: what was not durable is lost, and nobody listens any more. */
  crash(): void {
    this.records.length = this.durable;
    this.#handlers = [];
    this.lastAliveAt = this.#clock.now();
  }

  async *recover(): AsyncIterable<JournalRecord> {
    const ended = new Set(this.records.flatMap((record) => record.ended ?? []));
    for (const record of this.records) {
      const streams = record.streams.filter(({ callId }) => !ended.has(callId));
      if (streams.length > 0) yield { ...record, streams };
    }
  }

  async close(): Promise<void> {}
}

/** Media that remembers the plans and lets tests say what happened. */
export class FakeMedia implements MediaEngine {
  readonly plans = new Map<string, MediaPlan>();
  #handler: MediaEventHandler | undefined;

  apply(callId: string, plan: MediaPlan): void {
    this.plans.set(callId, plan);
  }

  onEvent(handler: MediaEventHandler): void {
    this.#handler = handler;
  }

  happen(callId: string, endpointId: string, event: MediaEvent): void {
    this.#handler?.(callId, endpointId, event);
  }

  async close(): Promise<void> {}
}

export type HouseOptions = Partial<Pick<LiveCallsOptions, "outboxOf" | "ship">> &
  Pick<ScriptLibraryOptions, "planFormats"> &
  Pick<RoutingOptions, "sipHosts"> &
  Partial<Pick<SessionSettings, "codecs" | "comfortNoise">> & { readonly locator?: Partial<LocatorOptions> };

export type CallHouse = {
  readonly options: HouseOptions;
  readonly stack: SipStack;
  readonly calls: LiveCalls;
  readonly views: LiveViews;
  readonly media: FakeMedia;
  readonly directory: ReturnType<typeof fakeDirectory>;
  readonly ports: PortPool;
  readonly transport: SipTransport;
  readonly shipped: { readonly record: JournalRecord; readonly ended: readonly Call[] }[];
  readonly requests: { readonly request: HttpRequest; readonly answer: (result: HttpResult) => void }[];
  /** Addresses at which a phone is registered, by its id. */
  readonly contacts: Map<string, readonly string[]>;
  /** What phones get beside calls. */
  readonly phones: PhoneServices;
  readonly agents: AgentStates;
  /** The phone with this id is registered at these addresses from now on. */
  readonly register: (phoneId: string, addresses: readonly string[]) => void;
  /** Where documents of flows are kept. */
  readonly flowsDirectory: string;
  readonly endOfProcess: () => Promise<void>;
  readonly addFlow: (document: unknown) => Promise<Flow>;
  readonly addTrunk: (changes: Partial<Trunk>) => Promise<Trunk>;
  readonly addPhone: (phone: Phone) => Promise<void>;
};

let flowsDirectory: string | undefined;

/** `former`: the house whose process died; what is configured stays. */
export async function callHouse(
  network: VirtualNetwork,
  clock: VirtualClock,
  journal: MemoryJournal,
  address = "192.0.2.1",
  former?: CallHouse,
  options: HouseOptions = former?.options ?? {},
): Promise<CallHouse> {
  const locator = new Locator({ clock, ids: systemIds(clock), ...options.locator });
  const sessionTimer = { intervalS: 1800, minS: 90 };
  const { stack, transport } = userAgent(network, clock, address, "udp", { ...legCapabilities, locator, sessionTimer });
  flowsDirectory ??= mkdtempSync(join(tmpdir(), "cw-flows-"));
  const directoryOfFlows = flowsDirectory;
  let made = journal.records.length * 1000;
  const ids = { next: () => (++made).toString(16).padStart(24, "0"), random: (bytes: number) => derive(secret, bytes, "random", ++made) };
  const directory = former?.directory ?? fakeDirectory();
  const contacts = former?.contacts ?? new Map<string, readonly string[]>();
  const media = new FakeMedia();
  const ports = new PortPool(20_000, 20_399);
  const log = silentLogger;
  const scripts = createScriptLibrary({ directory: flowsDirectory, logger: log, ...options });
  const { codecs = ["opus", "G722", "PCMU", "PCMA"], comfortNoise = false } = options;
  const sessionFor = () => ({ secret, mediaAddress: address, codecs, comfortNoise });
  const registered = new Set<(phoneId: string) => void>();
  const registrar = {
    contactsOf: (phoneId: string) => bindingsOf(contacts.get(phoneId)),
    watch(handler: (phoneId: string) => void) {
      registered.add(handler);
      return { close: () => void registered.delete(handler) };
    },
  };
  const routing = new Routing({ directory, domain: address, ...options, registrations: registrar });
  const challenger = new Challenger({ clock, ids, realm: "callwright", secret, kind: "www" });
  const incoming = new Incoming({
    clock,
    ids,
    directory,
    routing,
    challenger,
    ports,
    scripts,
    sessionFor,
    limits: { ringMs: 60_000, totalMs: 600_000 },
  });
  const signaling = new SipSignaling({
    clock,
    log,
    stack,
    locator,
    secret,
    sessionFor,
    credentials: new TrunkCredentials(directory, secret),
    incoming,
  });
  const history = { get: async () => undefined, list: async () => ({ items: [], more: false, total: 0 }), events: async () => [] };
  const views = new LiveViews(history, log, journal.durable, () => journal.durable);
  const agents = await loadAgentStates({ load: async () => [], save: async () => undefined });
  const sip = { stack, challenger, registrar };
  const phones = openPhoneServices({ clock, ids, log, sip, signaling, views, directory, agents, data: { secret }, domain: address });
  const shipped: { record: JournalRecord; ended: readonly Call[] }[] = [];
  const requests: { request: HttpRequest; answer: (result: HttpResult) => void }[] = [];
  const calls = new LiveCalls({
    clock,
    ids,
    log,
    journal,
    views,
    media,
    mediaSettings: {
      ssrcOf: () => 1,
      recordingPath: (_account, callId, name) => `/recordings/${callId}-${name}.wav`,
      mediaTimeoutMs: 90_000,
    },
    signaling,
    requester: { start: (request) => new Promise((answer) => void requests.push({ request, answer })), cancel: () => undefined },
    ports,
    routing,
    directory,
    scripts,
    limits: { ringMs: 60_000, totalMs: 14_400_000 },
    ship: (record, ended) => void shipped.push({ record, ended }),
    ...options,
  });
  signaling.onInvited((input) => calls.invited(input));
  if (former === undefined) await directory.accounts.insert({ id: accountId, name: "Test", createdAt: 1, updatedAt: 1 });
  const row = () => ({ id: ids.next(), accountId, createdAt: clock.now(), updatedAt: clock.now() });
  if (former === undefined) await directory.numbers.insert({ ...row(), number: ownedNumber, flowId: null });
  return {
    options,
    stack,
    calls,
    views,
    media,
    directory,
    ports,
    transport,
    shipped,
    requests,
    contacts,
    phones,
    agents,
    register(phoneId, addresses) {
      contacts.set(phoneId, addresses);
      for (const handler of registered) handler(phoneId);
    },
    flowsDirectory: directoryOfFlows,
    endOfProcess: async () => {
      calls.stop();
      stack.close();
      await transport.close();
    },
    async addFlow(document) {
      const valid = validateFlow(document);
      if (!valid.ok) throw new Error(JSON.stringify(valid.mistakes));
      const flow = { ...row(), id: "f".repeat(24), name: "Flow", version: 1, hash: valid.hash, document: valid.document };
      await directory.flows.insert(flow);
      return flow;
    },
    async addTrunk(changes) {
      const trunk: Trunk = {
        ...row(),
        name: "Trunk",
        host: "192.0.2.9",
        port: 5060,
        transport: "udp",
        username: null,
        password: null,
        prefixes: [""],
        priority: 1,
        sourceAddresses: [],
        mediaToSource: false,
        codecs: null,
        policy: usualTrunkPolicy,
        ...changes,
      };
      await directory.trunks.insert(trunk);
      return trunk;
    },
    addPhone: (phone) => directory.phones.insert(phone),
  };
}

function bindingsOf(addresses: readonly string[] = []) {
  return addresses.map(
    (address) => ({ contact: `sip:phone@${address}`, source: { protocol: "udp", address, port: 5060 }, preference: 1 }) as never,
  );
}

/** The kinds of all events of a call, in order, from the journal. */
export function storyOf(journal: MemoryJournal, callId: string): readonly CallEvent["kind"][] {
  return journal.records.flatMap(({ streams }) =>
    streams.filter((part) => part.callId === callId).flatMap(({ events }) => events.map(({ kind }) => kind)),
  );
}
