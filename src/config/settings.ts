/** Every setting there is: the one schema from which loading, error messages and the reference page are made. */
import { type CodecName, logLevels } from "../kernel/index.ts";
import {
  absolutePath,
  bindPort,
  captureKey,
  choice,
  codecList,
  countryCode,
  emailAddress,
  entityId,
  flag,
  hostName,
  hostNames,
  integer,
  ipAddress,
  type Kind,
  password,
  portRange,
  postgresUrl,
  serverAddresses,
  share,
  soundAddress,
  udpAddress,
  webAddress,
} from "./kinds.ts";
import { type SipListenerSetting, sipListeners } from "./sip-listeners.ts";

/** What defaults may depend on. */
export type Host = { readonly isRoot: boolean; readonly home: string; readonly cores: number; readonly logsToTerminal: boolean };

export type Setting<T> = {
  readonly name: string;
  readonly kind: Kind<T>;
  /** The value when nothing is given; undefined when there is none. */
  readonly fallback: (host: Host) => T;
  /** The default as the reference page shows it. */
  readonly defaultText: string;
  readonly description: string;
  /** Never shown, not even in an error. */
  readonly secret: boolean;
};

export const settings = {
  dataDir: computed("CALLWRIGHT_DATA_DIR", absolutePath, {
    fallback: (host) => (host.isRoot ? "/var/lib/callwright" : `${host.home}/.local/share/callwright`),
    defaultText: "/var/lib/callwright as root, else ~/.local/share/callwright",
    description: "Where the journal, recordings and the local database live. One server at a time uses a data directory.",
  }),
  databaseUrl: optional("DATABASE_URL", postgresUrl, {
    defaultText: "a local PostgreSQL that the server starts",
    description: "A PostgreSQL to use instead of the local one.",
    secret: true,
  }),
  httpHost: fixed("CALLWRIGHT_HTTP_HOST", hostName, "127.0.0.1", "Address on which HTTP listens."),
  httpPort: fixed("CALLWRIGHT_HTTP_PORT", bindPort, 8080, "Port on which HTTP listens."),
  publicUrl: optional("CALLWRIGHT_PUBLIC_URL", webAddress, {
    defaultText: "http:// with the HTTP host and port",
    description: "Address under which clients reach the HTTP server; used in links and Location headers.",
  }),
  sipHost: fixed("CALLWRIGHT_SIP_HOST", ipAddress, "127.0.0.1", "Address on which SIP (UDP and TCP) and RTP listen."),
  sipListeners: computed("CALLWRIGHT_SIP_LISTENERS", sipListeners, {
    fallback: (): readonly SipListenerSetting[] => [],
    defaultText: "none",
    description:
      "Further addresses on which SIP listens. `?public=host[:port]` is what peers of that listener are told in Via, Contact and, when it is an address, SDP.",
  }),
  sipTlsDirectory: optional("CALLWRIGHT_SIP_TLS_DIRECTORY", absolutePath, {
    defaultText: "none",
    description:
      "Where the certificates of tls and wss listeners are: default.crt and default.key, and `<host name>.crt` and `.key` for further names. Changed files are taken up within half a minute.",
  }),
  sipTlsClientCertificates: fixed(
    "CALLWRIGHT_SIP_TLS_CLIENT_CERTIFICATES",
    choice(["off", "ask", "require"]),
    "off",
    "Whether clients of tls and wss listeners show a certificate. With require, one that the CA file vouches for.",
  ),
  sipTlsCaFile: optional("CALLWRIGHT_SIP_TLS_CA_FILE", absolutePath, {
    defaultText: "none",
    description:
      "PEM file of CAs that are trusted beside those of the system: for servers that calls go to, and for clients' certificates.",
  }),
  sipTlsVerify: fixed(
    "CALLWRIGHT_SIP_TLS_VERIFY",
    flag,
    true,
    "Whether servers that are called by TLS must prove their name. false takes any certificate: for private networks only.",
  ),
  sipConnections: fixed(
    "CALLWRIGHT_SIP_CONNECTIONS",
    integer(1, 1_000_000),
    10_000,
    "How many SIP connections (TCP, TLS, WebSocket) there may be at a time.",
  ),
  sipConnectionsPerAddress: fixed(
    "CALLWRIGHT_SIP_CONNECTIONS_PER_ADDRESS",
    integer(1, 1_000_000),
    1_000,
    "How many of them one remote address may have. Raise it when all come through one proxy.",
  ),
  sipPort: fixed("CALLWRIGHT_SIP_PORT", bindPort, 5060, "Port on which SIP listens, UDP and TCP."),
  sipDigest: fixed(
    "CALLWRIGHT_SIP_DIGEST",
    choice(["MD5", "SHA-256", "both"]),
    "both",
    "How phones sign in (RFC 8760). With both, MD5 stands first: clients that know only that often read no further.",
  ),
  sipHosts: computed("CALLWRIGHT_SIP_HOSTS", hostNames, {
    fallback: (): readonly string[] => [],
    defaultText: "none",
    description: "Hosts whose SIP addresses (`sip:user@host`) calls may go to, without a trunk.",
  }),
  dnsServers: computed("CALLWRIGHT_DNS_SERVERS", serverAddresses, {
    fallback: (): readonly string[] => [],
    defaultText: "those of the system",
    description: "Name servers that are asked for SIP servers (NAPTR, SRV, A and AAAA records).",
  }),
  sessionIntervalS: fixed(
    "CALLWRIGHT_SESSION_INTERVAL_S",
    integer(90, 86_400),
    1800,
    "Seconds after which a call ends that nobody refreshes (RFC 4028). A peer that knows session timers may ask for less.",
  ),
  sessionMinS: fixed(
    "CALLWRIGHT_SESSION_MIN_S",
    integer(90, 86_400),
    90,
    "The least seconds a peer may ask for. Below it gets 422 with this as Min-SE.",
  ),
  publicAddress: optional("CALLWRIGHT_PUBLIC_ADDRESS", ipAddress, {
    defaultText: "the SIP host",
    description:
      "Address written into SIP Via, Contact and SDP for peers of its family, when it differs from the SIP host: behind NAT, or when bound to all addresses.",
  }),
  rtpPorts: computed("CALLWRIGHT_RTP_PORTS", portRange, {
    fallback: () => ({ first: 20000, last: 29999 }),
    defaultText: "20000-29999",
    description: "UDP ports for RTP and RTCP, two for each leg. Keep them outside the range from which the system picks ports.",
  }),
  codecs: computed("CALLWRIGHT_CODECS", codecList, {
    fallback: (): readonly CodecName[] => ["opus", "G722", "PCMU", "PCMA"],
    defaultText: "opus,G722,PCMU,PCMA",
    description:
      "Audio codecs of calls, in the order in which they are offered. Of a far end's offer the first is taken that is among them. Others pass between far ends that share them.",
  }),
  comfortNoise: fixed(
    "CALLWRIGHT_COMFORT_NOISE",
    flag,
    false,
    "Whether comfort noise (RFC 3389) is offered with G.711. A far end that offers it gets it in any case.",
  ),
  mediaWorkers: computed("CALLWRIGHT_MEDIA_WORKERS", integer(1, 256), {
    fallback: (host) => Math.max(1, host.cores - 1),
    defaultText: "processor cores minus one, at least 1",
    description: "Threads that send, receive and mix audio.",
  }),
  mediaSockets: fixed(
    "CALLWRIGHT_MEDIA_SOCKETS",
    choice(["polled", "node"]),
    "polled",
    "Whose sockets carry RTP. `polled`: the C library's, read in turns, on Linux. `node`: those of Node, as on other systems; they cost more.",
  ),
  mediaTimeoutS: fixed(
    "CALLWRIGHT_MEDIA_TIMEOUT_S",
    integer(0, 86_400),
    90,
    "Seconds after which a leg ends whose far end sends no media although it should: nobody is on hold. 0 for never.",
  ),
  holdMusic: optional("CALLWRIGHT_HOLD_MUSIC", soundAddress, {
    defaultText: "a tune of our own",
    description:
      "A sound file on this machine or at a URL that is played over and over to who is on hold. The tune is played where it cannot be.",
  }),
  toneCountry: fixed("CALLWRIGHT_TONE_COUNTRY", countryCode, "US", "The country whose ringing tone callers hear."),
  demo: fixed("CALLWRIGHT_DEMO", flag, true, "Whether the first run creates demo numbers and a demo flow, and the demo phone runs."),
  demoPhonePort: fixed("CALLWRIGHT_DEMO_PHONE_PORT", bindPort, 5070, "SIP port of the demo phone."),
  demoPhoneRtpPorts: computed("CALLWRIGHT_DEMO_PHONE_RTP_PORTS", portRange, {
    fallback: () => ({ first: 30000, last: 30199 }),
    defaultText: "30000-30199",
    description: "UDP ports for the demo phone's RTP.",
  }),
  adminEmail: optional("CALLWRIGHT_ADMIN_EMAIL", emailAddress, {
    defaultText: "chosen at the first run",
    description: "Login of the administrator that the first run creates.",
  }),
  adminPassword: optional("CALLWRIGHT_ADMIN_PASSWORD", password, {
    defaultText: "generated at the first run and printed once",
    description: "Password of that administrator.",
    secret: true,
  }),
  userEmail: optional("CALLWRIGHT_USER_EMAIL", emailAddress, {
    defaultText: "chosen at the first run",
    description: "Login of the ordinary user, with a phone, that the first run creates.",
  }),
  userPassword: optional("CALLWRIGHT_USER_PASSWORD", password, {
    defaultText: "generated at the first run and printed once",
    description: "Password of that user.",
    secret: true,
  }),
  appId: optional("CALLWRIGHT_APP_ID", entityId, {
    defaultText: "chosen at the first run",
    description: "Id of the application (a program with a secret of its own) that the first run creates.",
  }),
  appSecret: optional("CALLWRIGHT_APP_SECRET", password, {
    defaultText: "generated at the first run and printed once",
    description: "Secret of that application. It should be as random as a generated one.",
    secret: true,
  }),
  traceMemory: fixed(
    "CALLWRIGHT_TRACE_MEMORY",
    integer(4, 4096),
    64,
    "MiB of memory for the SIP messages of calls, taken as they are needed; the newest push the oldest out.",
  ),
  traceSampling: fixed("CALLWRIGHT_TRACE_SAMPLING", share, 0, "Share of calls whose SIP messages are kept in the data directory."),
  traceKeepDays: fixed("CALLWRIGHT_TRACE_KEEP_DAYS", integer(1, 3650), 7, "Days for which kept SIP messages stay."),
  hep: optional("CALLWRIGHT_HEP", udpAddress, {
    defaultText: "nowhere",
    description: "A capture server that gets every SIP message as HEPv3, for example Homer. Secrets in it are masked; it is not encrypted.",
  }),
  hepCaptureId: fixed("CALLWRIGHT_HEP_CAPTURE_ID", integer(0, 999_999_999), 1, "The capture id in HEPv3, which tells senders apart."),
  hepKey: optional("CALLWRIGHT_HEP_KEY", captureKey, {
    defaultText: "none",
    description: "The authentication key in HEPv3.",
    secret: true,
  }),
  recordingsEncrypted: fixed(
    "CALLWRIGHT_RECORDINGS_ENCRYPT",
    flag,
    false,
    "Whether new recordings are encrypted on the disk, each with a key of its own that follows from the data directory's secret.key.",
  ),
  recordingsKeepDays: fixed("CALLWRIGHT_RECORDINGS_KEEP_DAYS", integer(0, 36_500), 0, "Days for which recordings are kept; 0 for ever."),
  conversationsPerSecond: fixed(
    "CALLWRIGHT_CONVERSATIONS_PER_SECOND",
    integer(1, 1000),
    1,
    "How many calls one application may start to one destination in a second by POST /voice/conversation.",
  ),
  logLevel: computed("CALLWRIGHT_LOG_LEVEL", choice(logLevels), {
    fallback: (host) => (host.logsToTerminal ? "warn" : "info"),
    defaultText: "warn when standard error is a terminal, else info",
    description: "The least important log lines that are written.",
  }),
  soundMaxMib: fixed("CALLWRIGHT_SOUND_MAX_MIB", integer(1, 4096), 50, "How large a sound may be that is uploaded, or fetched from a URL."),
  soundMaxMinutes: fixed("CALLWRIGHT_SOUND_MAX_MINUTES", integer(1, 1440), 120, "How long a sound may be that is played."),
  soundCacheMib: fixed(
    "CALLWRIGHT_SOUND_CACHE_MIB",
    integer(16, 1_048_576),
    512,
    "MiB of the data directory for sounds that are decoded and encoded already; what was used longest ago makes room.",
  ),
  promptReadyS: fixed(
    "CALLWRIGHT_PROMPT_READY_S",
    integer(1, 600),
    30,
    "How long a prompt may take to be spoken, fetched and decoded before it fails.",
  ),
  allowPrivateUrls: fixed(
    "CALLWRIGHT_ALLOW_PRIVATE_URLS",
    flag,
    false,
    "Whether HTTP requests of flows, and prompts by URL, may go to private and loopback addresses.",
  ),
  genesysCsrf: fixed(
    "CALLWRIGHT_GENESYS_CSRF",
    flag,
    false,
    "Whether POST requests to /api/v2 must carry the token that a GET there gave, as the vendor's servers can be told to ask.",
  ),
};

/** Names a JSON file with the same names as keys. It is no part of `settings`, because a file cannot name another. */
export const configFileSetting = optional("CALLWRIGHT_CONFIG_FILE", absolutePath, {
  defaultText: "no file",
  description: "A JSON file: one object whose keys are the names of this page. The environment wins over it.",
});

type Details<T> = {
  readonly fallback: (host: Host) => T;
  readonly defaultText: string;
  readonly description: string;
  readonly secret?: boolean;
};

function computed<T>(name: string, kind: Kind<T>, details: Details<T>): Setting<T> {
  return { secret: false, ...details, name, kind };
}

function optional<T>(name: string, kind: Kind<T>, details: Omit<Details<T>, "fallback">): Setting<T | undefined> {
  return { secret: false, ...details, name, kind, fallback: () => undefined };
}

function fixed<T extends string | number | boolean>(name: string, kind: Kind<T>, value: T, description: string): Setting<T> {
  return { name, kind, fallback: () => value, defaultText: String(value), description, secret: false };
}
