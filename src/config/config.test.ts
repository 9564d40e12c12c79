import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CallwrightError } from "../kernel/index.ts";
import { loadConfig } from "./config.ts";
import { settings } from "./settings.ts";
import type { Environment } from "./sources.ts";

const host = { isRoot: false, home: "/home/mina", cores: 4, logsToTerminal: false };

function load(environment: Environment) {
  return loadConfig(environment, host);
}

function messageOf(environment: Environment): string {
  try {
    load(environment);
  } catch (error) {
    if (error instanceof CallwrightError && error.code === "CONFIG_INVALID") return error.message;
    throw error;
  }
  return "";
}

test("without any setting the defaults stand", () => {
  expect(load({ PATH: "/bin" })).toEqual({
    dataDir: "/home/mina/.local/share/callwright",
    http: { host: "127.0.0.1", port: 8080 },
    sip: {
      host: "127.0.0.1",
      port: 5060,
      digest: "both",
      hosts: [],
      listeners: [],
      tls: { clientCertificates: "off", verifiesServers: true },
      sessionTimer: { intervalS: 1800, minS: 90 },
      connections: { most: 10_000, perAddress: 1_000 },
    },
    dnsServers: [],
    rtpPorts: { first: 20000, last: 29999 },
    codecs: ["opus", "G722", "PCMU", "PCMA"],
    comfortNoise: false,
    mediaWorkers: 3,
    mediaSockets: "polled",
    mediaTimeoutMs: 90_000,
    toneCountry: "US",
    demo: true,
    demoPhone: { port: 5070, rtpPorts: { first: 30000, last: 30199 } },
    admin: {},
    user: {},
    application: {},
    trace: { memoryMiB: 64, sampling: 0, keepDays: 7 },
    hep: { captureId: 1 },
    recordings: { areEncrypted: false, keepDays: 0 },
    conversationsPerSecond: 1,
    logLevel: "info",
    sounds: { maxMib: 50, maxMinutes: 120, cacheMib: 512, readyS: 30 },
    allowPrivateUrls: false,
    genesys: { csrf: false },
  });
  expect(loadConfig({}, { ...host, isRoot: true, cores: 1 })).toMatchObject({ dataDir: "/var/lib/callwright", mediaWorkers: 1 });
  expect(loadConfig({}, { ...host, logsToTerminal: true }).logLevel).toBe("warn");
});

test("every setting reaches its member", () => {
  const config = load({
    CALLWRIGHT_DATA_DIR: "/srv/cw",
    DATABASE_URL: "postgres://u:p@db/callwright",
    CALLWRIGHT_HTTP_HOST: "voice.example",
    CALLWRIGHT_HTTP_PORT: "0",
    CALLWRIGHT_PUBLIC_URL: "https://voice.example/base/",
    CALLWRIGHT_SIP_HOST: "0.0.0.0",
    CALLWRIGHT_SIP_PORT: "5080",
    CALLWRIGHT_SIP_DIGEST: "SHA-256",
    CALLWRIGHT_SESSION_INTERVAL_S: "900",
    CALLWRIGHT_SESSION_MIN_S: "120",
    CALLWRIGHT_PUBLIC_ADDRESS: "192.0.2.7",
    CALLWRIGHT_RTP_PORTS: "40000-40999",
    CALLWRIGHT_CODECS: "L16/16000, PCMA,opus",
    CALLWRIGHT_COMFORT_NOISE: "true",
    CALLWRIGHT_MEDIA_WORKERS: "2",
    CALLWRIGHT_MEDIA_SOCKETS: "node",
    CALLWRIGHT_MEDIA_TIMEOUT_S: "0",
    CALLWRIGHT_HOLD_MUSIC: "/music.wav",
    CALLWRIGHT_TONE_COUNTRY: "de",
    CALLWRIGHT_DEMO: "false",
    CALLWRIGHT_DEMO_PHONE_PORT: "5071",
    CALLWRIGHT_DEMO_PHONE_RTP_PORTS: "31000-31001",
    CALLWRIGHT_ADMIN_EMAIL: "admin@voice.example",
    CALLWRIGHT_ADMIN_PASSWORD: "correct horse",
    CALLWRIGHT_USER_EMAIL: "user@voice.example",
    CALLWRIGHT_USER_PASSWORD: "battery staple",
    CALLWRIGHT_LOG_LEVEL: "debug",
    CALLWRIGHT_ALLOW_PRIVATE_URLS: "true",
    CALLWRIGHT_GENESYS_CSRF: "true",
    CALLWRIGHT_APP_ID: "5756a411e4b06a33d50517c7",
    CALLWRIGHT_APP_SECRET: "vb6QpjCIOG",
    CALLWRIGHT_CONVERSATIONS_PER_SECOND: "20",
    CALLWRIGHT_SIP_LISTENERS: "tls://0.0.0.0",
    CALLWRIGHT_SIP_TLS_DIRECTORY: "/etc/cw/tls",
    CALLWRIGHT_SIP_TLS_CLIENT_CERTIFICATES: "require",
    CALLWRIGHT_SIP_TLS_CA_FILE: "/etc/cw/ca.pem",
    CALLWRIGHT_SIP_TLS_VERIFY: "false",
    CALLWRIGHT_SIP_CONNECTIONS: "20000",
    CALLWRIGHT_SIP_CONNECTIONS_PER_ADDRESS: "50",
    CALLWRIGHT_SIP_HOSTS: "SIP.example, 192.0.2.7",
    CALLWRIGHT_DNS_SERVERS: "192.0.2.53, [2001:db8::53]:5353,192.0.2.54:5353",
    CALLWRIGHT_TRACE_MEMORY: "256",
    CALLWRIGHT_TRACE_SAMPLING: "0.25",
    CALLWRIGHT_TRACE_KEEP_DAYS: "30",
    CALLWRIGHT_RECORDINGS_ENCRYPT: "true",
    CALLWRIGHT_RECORDINGS_KEEP_DAYS: "90",
    CALLWRIGHT_HEP: "udp://[2001:db8::9]:9060",
    CALLWRIGHT_SOUND_MAX_MIB: "10",
    CALLWRIGHT_SOUND_MAX_MINUTES: "30",
    CALLWRIGHT_SOUND_CACHE_MIB: "1024",
    CALLWRIGHT_PROMPT_READY_S: "5",
    CALLWRIGHT_HEP_CAPTURE_ID: "2001",
    CALLWRIGHT_HEP_KEY: "myhep",
  });
  expect(config).toEqual({
    dataDir: "/srv/cw",
    databaseUrl: "postgres://u:p@db/callwright",
    http: { host: "voice.example", port: 0 },
    sip: {
      host: "0.0.0.0",
      port: 5080,
      digest: "SHA-256",
      hosts: ["sip.example", "192.0.2.7"],
      listeners: [{ protocol: "tls", host: "0.0.0.0", port: 5061 }],
      tls: { directory: "/etc/cw/tls", clientCertificates: "require", caFile: "/etc/cw/ca.pem", verifiesServers: false },
      connections: { most: 20_000, perAddress: 50 },
      sessionTimer: { intervalS: 900, minS: 120 },
    },
    dnsServers: ["192.0.2.53", "[2001:db8::53]:5353", "192.0.2.54:5353"],
    publicUrl: "https://voice.example/base",
    publicAddress: "192.0.2.7",
    rtpPorts: { first: 40000, last: 40999 },
    codecs: ["L16/16000", "PCMA", "opus"],
    comfortNoise: true,
    mediaWorkers: 2,
    mediaSockets: "node",
    mediaTimeoutMs: 0,
    holdMusic: "/music.wav",
    toneCountry: "DE",
    demo: false,
    demoPhone: { port: 5071, rtpPorts: { first: 31000, last: 31001 } },
    admin: { email: "admin@voice.example", password: "correct horse" },
    user: { email: "user@voice.example", password: "battery staple" },
    logLevel: "debug",
    sounds: { maxMib: 10, maxMinutes: 30, cacheMib: 1024, readyS: 5 },
    allowPrivateUrls: true,
    genesys: { csrf: true },
    application: { id: "5756a411e4b06a33d50517c7", secret: "vb6QpjCIOG" },
    recordings: { areEncrypted: true, keepDays: 90 },
    conversationsPerSecond: 20,
    trace: { memoryMiB: 256, sampling: 0.25, keepDays: 30 },
    hep: { address: { host: "2001:db8::9", port: 9060 }, captureId: 2001, key: "myhep" },
  });
});

test("the result is frozen to the bottom", () => {
  const config = load({});
  expect([config, config.http, config.demoPhone.rtpPorts].every((part) => Object.isFrozen(part))).toBe(true);
});

test.each([
  ["CALLWRIGHT_DATA_DIR", "relative/path"],
  ["DATABASE_URL", "mysql://db/x"],
  ["CALLWRIGHT_HTTP_HOST", "not a host"],
  ["CALLWRIGHT_HTTP_HOST", "300.1.1.1"],
  ["CALLWRIGHT_HTTP_PORT", "65536"],
  ["CALLWRIGHT_HTTP_PORT", "80a"],
  ["CALLWRIGHT_HTTP_PORT", "-1"],
  ["CALLWRIGHT_PUBLIC_URL", "ftp://voice.example"],
  ["CALLWRIGHT_PUBLIC_URL", "https://voice.example/?a=b"],
  ["CALLWRIGHT_SIP_HOST", "localhost"],
  ["CALLWRIGHT_SIP_PORT", "sip"],
  ["CALLWRIGHT_SIP_LISTENERS", "tls://sip.example"],
  ["CALLWRIGHT_SIP_TLS_DIRECTORY", "tls"],
  ["CALLWRIGHT_SIP_TLS_CLIENT_CERTIFICATES", "maybe"],
  ["CALLWRIGHT_SIP_CONNECTIONS", "0"],
  ["CALLWRIGHT_PUBLIC_ADDRESS", "voice.example"],
  ["CALLWRIGHT_DNS_SERVERS", "dns.example"],
  ["CALLWRIGHT_DNS_SERVERS", "192.0.2.53,[2001:db8::53]"],
  ["CALLWRIGHT_DNS_SERVERS", "192.0.2.53:0"],
  ["CALLWRIGHT_RTP_PORTS", "20000"],
  ["CALLWRIGHT_RTP_PORTS", "20001-20099"],
  ["CALLWRIGHT_RTP_PORTS", "20100-20000"],
  ["CALLWRIGHT_RTP_PORTS", "20000-20099-20199"],
  ["CALLWRIGHT_RTP_PORTS", "80-20000"],
  ["CALLWRIGHT_CODECS", "PCMU,G729"],
  ["CALLWRIGHT_CODECS", "PCMU,PCMU"],
  ["CALLWRIGHT_CODECS", "opus,"],
  ["CALLWRIGHT_COMFORT_NOISE", "on"],
  ["CALLWRIGHT_MEDIA_WORKERS", "0"],
  ["CALLWRIGHT_MEDIA_SOCKETS", "raw"],
  ["CALLWRIGHT_DEMO", "yes"],
  ["CALLWRIGHT_DEMO_PHONE_PORT", "x"],
  ["CALLWRIGHT_DEMO_PHONE_RTP_PORTS", "30000"],
  ["CALLWRIGHT_ADMIN_EMAIL", "admin"],
  ["CALLWRIGHT_USER_EMAIL", "a b@c"],
  ["CALLWRIGHT_LOG_LEVEL", "loud"],
  ["CALLWRIGHT_ALLOW_PRIVATE_URLS", "1"],
  ["CALLWRIGHT_TRACE_MEMORY", "3"],
  ["CALLWRIGHT_TRACE_SAMPLING", "1.5"],
  ["CALLWRIGHT_TRACE_SAMPLING", "1e-3"],
  ["CALLWRIGHT_TRACE_KEEP_DAYS", "0"],
  ["CALLWRIGHT_RECORDINGS_ENCRYPT", "perhaps"],
  ["CALLWRIGHT_RECORDINGS_KEEP_DAYS", "-1"],
  ["CALLWRIGHT_HEP", "homer.example:9060"],
  ["CALLWRIGHT_HEP", "udp://homer.example"],
  ["CALLWRIGHT_HEP", "udp://homer.example:0"],
  ["CALLWRIGHT_HEP_CAPTURE_ID", "-1"],
  ["CALLWRIGHT_HEP_KEY", "k".repeat(129)],
])("%s=%s is refused", (name, value) => {
  const setting = Object.values(settings).find((candidate) => candidate.name === name);
  const shown = setting?.secret === true ? "(not shown)" : value;
  expect(messageOf({ [name]: value })).toContain(`${name}=${shown} must be ${setting?.kind.allowed}`);
});

test("all mistakes are listed at once", () => {
  const message = messageOf({ CALLWRIGHT_HTTP_PORT: "http", CALLWRIGHT_DEMO: "maybe", CALLWRIGHT_DATADIR: "/x" });
  expect(message).toContain("CALLWRIGHT_HTTP_PORT=http must be");
  expect(message).toContain("CALLWRIGHT_DEMO=maybe must be true or false");
  expect(message).toContain("CALLWRIGHT_DATADIR is not a setting; the nearest is CALLWRIGHT_DATA_DIR");
});

test.each(["CALLWRIGHT_ADMIN_PASSWORD", "CALLWRIGHT_USER_PASSWORD", "DATABASE_URL"])("%s never appears in an error", (name) => {
  const message = messageOf({ [name]: "s3cret" });
  expect(message).toContain(name);
  expect(message).not.toContain("s3cret");
});

test("an empty value counts as not set", () => {
  expect(load({ CALLWRIGHT_HTTP_PORT: "", CALLWRIGHT_NO_SUCH: "" }).http.port).toBe(8080);
});

test.each([
  [{ CALLWRIGHT_SIP_HOST: "0.0.0.0" }, "CALLWRIGHT_PUBLIC_ADDRESS must be set"],
  [{ CALLWRIGHT_SIP_LISTENERS: "tls://10.0.0.1" }, "CALLWRIGHT_SIP_LISTENERS=tls://10.0.0.1:5061 needs CALLWRIGHT_SIP_TLS_DIRECTORY"],
  [{ CALLWRIGHT_SIP_LISTENERS: "ws://0.0.0.0:81" }, "CALLWRIGHT_SIP_LISTENERS=ws://0.0.0.0:81 needs ?public="],
  [{ CALLWRIGHT_SIP_LISTENERS: "udp://[::]:81", CALLWRIGHT_SIP_HOST: "10.0.0.1" }, "CALLWRIGHT_SIP_LISTENERS=udp://[::]:81 needs ?public="],
  [{ CALLWRIGHT_SIP_LISTENERS: "ws://127.0.0.1:5060" }, "ws://127.0.0.1:5060 is there twice"],
  [{ CALLWRIGHT_SIP_LISTENERS: "ws://10.0.0.1:81,tcp://10.0.0.1:81" }, "tcp://10.0.0.1:81 is there twice"],
  [{ CALLWRIGHT_SIP_TLS_CLIENT_CERTIFICATES: "require" }, "CALLWRIGHT_SIP_TLS_CA_FILE must be set"],
  [{ CALLWRIGHT_SIP_PORT: "5070" }, "CALLWRIGHT_DEMO_PHONE_PORT=5070 must differ"],
  [{ CALLWRIGHT_RTP_PORTS: "20000-30000" }, "CALLWRIGHT_DEMO_PHONE_RTP_PORTS=30000-30199 must not overlap"],
])("%o contradicts itself", (environment, expected) => {
  expect(messageOf(environment)).toContain(expected);
});

test("the demo phone's ports do not matter without the demo", () => {
  expect(messageOf({ CALLWRIGHT_RTP_PORTS: "20000-31000", CALLWRIGHT_SIP_PORT: "5070", CALLWRIGHT_DEMO: "false" })).toBe("");
});

describe("the configuration file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "callwright-config-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function file(content: string): string {
    const path = join(folder, "callwright.json");
    writeFileSync(path, content);
    return path;
  }

  test("gives values, and the environment wins over it", () => {
    const path = file('{"CALLWRIGHT_HTTP_PORT": 9000, "CALLWRIGHT_DEMO": false, "CALLWRIGHT_LOG_LEVEL": "warn"}');
    const config = load({ CALLWRIGHT_CONFIG_FILE: path, CALLWRIGHT_LOG_LEVEL: "error" });
    expect(config).toMatchObject({ http: { port: 9000 }, demo: false, logLevel: "error" });
  });

  test.each([
    ["not JSON", "{", "must be a readable JSON file"],
    ["no object", "[1]", "must be a file with one JSON object"],
    ["an unknown name", '{"CALLWRIGHT_DEMOS": true}', "the nearest is CALLWRIGHT_DEMO"],
    ["an unknown name without our prefix", '{"port": 1}', "port (in "],
    ["a name it may not hold", '{"CALLWRIGHT_CONFIG_FILE": "/x"}', "is not a setting"],
    ["a value that is no text", '{"CALLWRIGHT_DEMO": [true]}', "must be a string, a number, true or false"],
    ["a wrong value", '{"CALLWRIGHT_HTTP_PORT": 70000}', "CALLWRIGHT_HTTP_PORT=70000 must be"],
  ])("with %s is refused", (_, content, expected) => {
    expect(messageOf({ CALLWRIGHT_CONFIG_FILE: file(content) })).toContain(expected);
  });

  test("is not quoted when it is broken", () => {
    const path = file('{"CALLWRIGHT_ADMIN_PASSWORD": "s3cret passphrase"');
    expect(messageOf({ CALLWRIGHT_CONFIG_FILE: path })).not.toContain("s3cret");
  });

  test("must exist and be named by an absolute path", () => {
    expect(messageOf({ CALLWRIGHT_CONFIG_FILE: join(folder, "none.json") })).toContain("must be a readable JSON file");
    expect(messageOf({ CALLWRIGHT_CONFIG_FILE: "callwright.json" })).toContain("must be an absolute path");
  });
});
