/** The settings of one server, read once at the start: environment over file over defaults. */
import { availableParallelism, homedir } from "node:os";
import type { CodecName, LogLevel } from "../kernel/index.ts";
import { refusal } from "./errors.ts";
import type { PortRange } from "./kinds.ts";
import { type Environment, gather, type Problem } from "./sources.ts";
import { type Host, type Setting, settings } from "./settings.ts";
import { isWildcard, servesFamilyOf, type SipListenerSetting } from "./sip-listeners.ts";

/** Deeply frozen. */
export type Config = {
  readonly dataDir: string;
  readonly databaseUrl?: string | undefined;
  readonly http: { readonly host: string; readonly port: number };
  readonly sip: {
    readonly host: string;
    readonly port: number;
    readonly digest: "MD5" | "SHA-256" | "both";
    /** Seconds. */
    readonly sessionTimer: { readonly intervalS: number; readonly minS: number };
    readonly hosts: readonly string[];
    /** Beside the first one, which is UDP and TCP on `host` and `port`. */
    readonly listeners: readonly SipListenerSetting[];
    readonly tls: {
      readonly directory?: string | undefined;
      readonly clientCertificates: "off" | "ask" | "require";
      readonly caFile?: string | undefined;
      readonly verifiesServers: boolean;
    };
    readonly connections: { readonly most: number; readonly perAddress: number };
  };
  /** Numeric addresses with or without a port; none: those of the system. */
  readonly dnsServers: readonly string[];
  readonly publicUrl?: string | undefined;
  /** Written into SIP Contact and SDP instead of `sip.host`. */
  readonly publicAddress?: string | undefined;
  readonly rtpPorts: PortRange;
  /** Preferred first. */
  readonly codecs: readonly CodecName[];
  readonly comfortNoise: boolean;
  readonly mediaWorkers: number;
  readonly mediaSockets: "polled" | "node";
  /** 0: a leg without media does not end. */
  readonly mediaTimeoutMs: number;
  /** An absolute path or a URL. */
  readonly holdMusic?: string | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly toneCountry: string;
  readonly demo: boolean;
  readonly demoPhone: { readonly port: number; readonly rtpPorts: PortRange };
  readonly admin: Login;
  readonly user: Login;
  /** What was preset for the application that the first run creates. */
  readonly application: { readonly id?: string | undefined; readonly secret?: string | undefined };
  readonly trace: { readonly memoryMiB: number; readonly sampling: number; readonly keepDays: number };
  readonly hep: { readonly address?: HostAndPort | undefined; readonly captureId: number; readonly key?: string | undefined };
  readonly recordings: {
    readonly areEncrypted: boolean;
    /** 0: for ever. */
    readonly keepDays: number;
  };
  readonly conversationsPerSecond: number;
  readonly logLevel: LogLevel;
  readonly sounds: { readonly maxMib: number; readonly maxMinutes: number; readonly cacheMib: number; readonly readyS: number };
  readonly allowPrivateUrls: boolean;
  readonly genesys: { readonly csrf: boolean };
};

type HostAndPort = { readonly host: string; readonly port: number };

/** What was preset for a login that the first run creates. */
type Login = { readonly email?: string | undefined; readonly password?: string | undefined };

/**
 * Reads every setting from `environment` and from the file that CALLWRIGHT_CONFIG_FILE names. An empty value counts as not set.
 * Throws one CONFIG_INVALID whose message lists every mistake; secrets are not shown in it.
 */
export function loadConfig(environment: Environment = process.env, host: Host = thisHost()): Config {
  const { values, problems } = gather(environment);
  const config = assemble((setting) => {
    const text = values.get(setting.name);
    const value = text === undefined ? undefined : setting.kind.parse(text);
    if (text !== undefined && value === undefined) {
      problems.push({ name: setting.name, value: setting.secret ? "(not shown)" : text, reason: `must be ${setting.kind.allowed}` });
    }
    return value ?? setting.fallback(host);
  });
  if (problems.length === 0) problems.push(...contradictions(config));
  if (problems.length > 0) throw refusal("CONFIG_INVALID", { message: describe(problems), problems });
  return freeze(config);
}

function thisHost(): Host {
  return { isRoot: process.getuid?.() === 0, home: homedir(), cores: availableParallelism(), logsToTerminal: process.stderr.isTTY };
}

function assemble(read: <T>(setting: Setting<T>) => T): Config {
  return {
    dataDir: read(settings.dataDir),
    databaseUrl: read(settings.databaseUrl),
    http: { host: read(settings.httpHost), port: read(settings.httpPort) },
    sip: {
      host: read(settings.sipHost),
      port: read(settings.sipPort),
      digest: read(settings.sipDigest),
      hosts: read(settings.sipHosts),
      listeners: read(settings.sipListeners),
      tls: {
        directory: read(settings.sipTlsDirectory),
        clientCertificates: read(settings.sipTlsClientCertificates),
        caFile: read(settings.sipTlsCaFile),
        verifiesServers: read(settings.sipTlsVerify),
      },
      connections: { most: read(settings.sipConnections), perAddress: read(settings.sipConnectionsPerAddress) },
      sessionTimer: { intervalS: read(settings.sessionIntervalS), minS: read(settings.sessionMinS) },
    },
    dnsServers: read(settings.dnsServers),
    publicUrl: read(settings.publicUrl),
    publicAddress: read(settings.publicAddress),
    rtpPorts: read(settings.rtpPorts),
    codecs: read(settings.codecs),
    comfortNoise: read(settings.comfortNoise),
    mediaWorkers: read(settings.mediaWorkers),
    mediaSockets: read(settings.mediaSockets),
    mediaTimeoutMs: read(settings.mediaTimeoutS) * 1000,
    holdMusic: read(settings.holdMusic),
    toneCountry: read(settings.toneCountry),
    demo: read(settings.demo),
    demoPhone: { port: read(settings.demoPhonePort), rtpPorts: read(settings.demoPhoneRtpPorts) },
    admin: { email: read(settings.adminEmail), password: read(settings.adminPassword) },
    user: { email: read(settings.userEmail), password: read(settings.userPassword) },
    application: { id: read(settings.appId), secret: read(settings.appSecret) },
    trace: { memoryMiB: read(settings.traceMemory), sampling: read(settings.traceSampling), keepDays: read(settings.traceKeepDays) },
    hep: { address: read(settings.hep), captureId: read(settings.hepCaptureId), key: read(settings.hepKey) },
    recordings: { areEncrypted: read(settings.recordingsEncrypted), keepDays: read(settings.recordingsKeepDays) },
    conversationsPerSecond: read(settings.conversationsPerSecond),
    logLevel: read(settings.logLevel),
    sounds: {
      maxMib: read(settings.soundMaxMib),
      maxMinutes: read(settings.soundMaxMinutes),
      cacheMib: read(settings.soundCacheMib),
      readyS: read(settings.promptReadyS),
    },
    allowPrivateUrls: read(settings.allowPrivateUrls),
    genesys: { csrf: read(settings.genesysCsrf) },
  };
}

/** Values that are each allowed, but not together. */
function contradictions({ sip, publicAddress, rtpPorts, demo, demoPhone }: Config): Problem[] {
  const problems: Problem[] = listenerContradictions(sip, publicAddress);
  if (publicAddress === undefined && isWildcard(sip.host)) {
    const reason = `must be set when ${settings.sipHost.name} is ${sip.host}: peers need an address to send to`;
    problems.push({ name: settings.publicAddress.name, value: "", reason });
  }
  if (demo && demoPhone.port !== 0 && demoPhone.port === sip.port) {
    const reason = `must differ from ${settings.sipPort.name}`;
    problems.push({ name: settings.demoPhonePort.name, value: String(demoPhone.port), reason });
  }
  if (demo && demoPhone.rtpPorts.first <= rtpPorts.last && rtpPorts.first <= demoPhone.rtpPorts.last) {
    const { first, last } = demoPhone.rtpPorts;
    const reason = `must not overlap ${settings.rtpPorts.name}=${rtpPorts.first}-${rtpPorts.last}`;
    problems.push({ name: settings.demoPhoneRtpPorts.name, value: `${first}-${last}`, reason });
  }
  return problems;
}

function listenerContradictions({ host, port, listeners, tls }: Config["sip"], publicAddress: string | undefined): Problem[] {
  const problems: Problem[] = [];
  const taken = new Set(["udp", "tcp"].map((protocol) => addressOf(protocol, host, port)));
  for (const listener of listeners) {
    const value = `${listener.protocol}://${listener.host.includes(":") ? `[${listener.host}]` : listener.host}:${listener.port}`;
    const refuse = (reason: string) => problems.push({ name: settings.sipListeners.name, value, reason });
    const { protocol } = listener;
    if ((protocol === "tls" || protocol === "wss") && tls.directory === undefined) refuse(`needs ${settings.sipTlsDirectory.name}`);
    const isTold = listener.public !== undefined || (publicAddress !== undefined && servesFamilyOf(listener.host, publicAddress));
    if (isWildcard(listener.host) && !isTold) refuse("needs ?public=, because peers need an address to send to");
    const address = addressOf(protocol, listener.host, listener.port);
    if (listener.port !== 0 && taken.has(address)) refuse("is there twice");
    taken.add(address);
  }
  if (tls.clientCertificates === "require" && tls.caFile === undefined)
    problems.push({
      name: settings.sipTlsCaFile.name,
      value: "",
      reason: `must be set when ${settings.sipTlsClientCertificates.name} is require`,
    });
  return problems;
}

/** All but UDP are TCP ports. */
function addressOf(protocol: string, host: string, port: number): string {
  return `${protocol === "udp" ? "udp" : "tcp"} ${host} ${port}`;
}

function describe(problems: readonly Problem[]): string {
  const lines = problems.map(({ name, value, reason }) => `  ${name}${value === "" ? "" : `=${value}`} ${reason}`);
  return ["These settings are wrong:", ...lines, "All settings: docs/reference/configuration.md"].join("\n");
}

function freeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === "object" && member !== null) freeze(member);
  return Object.freeze(value);
}
