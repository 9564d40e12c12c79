/** Opens the SIP stack on its listeners, with the registrar and what authenticates phones. */
import { isIPv6 } from "node:net";
import { certificatesUnusable, type Config, listening, servesFamilyOf } from "./config/index.ts";
import { phoneRealm } from "./api/index.ts";
import { legCapabilities } from "./calls/index.ts";
import type { Clock, Ids, Logger } from "./kernel/index.ts";
import {
  CertificateError,
  Challenger,
  Locator,
  type MessageTrace,
  openNameServer,
  openSipTransport,
  Registrar,
  SipStack,
} from "./sip/index.ts";
import type { Store } from "./store/index.ts";

/** As the headers of our messages name us. */
const product = "Callwright";

type SipParts = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly logger: Logger;
  readonly store: Store;
  readonly secret: Uint8Array;
  readonly trace: MessageTrace;
};

/** The SIP side of the server: everything below the calls, opened and closed together. */
export async function openSip(config: Config, { clock, ids, logger, store, secret, trace }: SipParts) {
  await using undo = new AsyncDisposableStack();
  const transport = await opened(config, openSipTransport({ ...transportOptions(config), clock, logger }));
  undo.defer(() => transport.close());
  trace.attach(transport);
  const locator = new Locator({
    clock,
    ids,
    protocols: ["udp", "tcp", "tls"],
    families: familiesOf(config),
    nameServer: openNameServer(config.dnsServers),
  });
  undo.defer(() => locator.close());
  const { digest } = config.sip;
  const algorithms = digest === "both" ? (["MD5", "SHA-256"] as const) : [digest];
  const challenger = new Challenger({ clock, ids, realm: phoneRealm, secret, kind: "www", algorithms });
  const credentials = {
    find(username: string) {
      const phone = store.directory.phones.byUsername(username);
      return phone && { accountId: phone.accountId, phoneId: phone.id, ha1Md5: phone.ha1Md5, ha1Sha256: phone.ha1Sha256 };
    },
  };
  const registrar = new Registrar({
    clock,
    logger,
    challenger,
    credentials,
    store: store.bindings,
    product,
    isReachable: (source) => transport.isReachable(source),
  });
  await registrar.load();
  undo.defer(() => registrar.close());
  type Screen = NonNullable<ConstructorParameters<typeof SipStack>[0]["screen"]>;
  let screen: Screen | undefined;
  const stack = new SipStack({
    transport,
    clock,
    ids,
    logger,
    product,
    ...legCapabilities,
    sessionTimer: config.sip.sessionTimer,
    screen: (request, source) => registrar.screen(request) ?? screen?.(request, source),
    locator,
  });
  undo.defer(() => stack.close());
  transport.onMalformed((request, status, _reason, source) => stack.answerWithoutState(request, source, { status }));
  stack.onRegister((transaction) => void registrar.register(transaction));
  const owned = undo.move();
  return {
    stack,
    locator,
    challenger,
    registrar,
    transport,
    port: transport.port,
    screenBy: (next: Screen) => void (screen = next),
    close: () => owned.disposeAsync(),
  };
}

/** What the settings mean to the transport: a listener that names no public address has that of all, when it is of its family. */
function transportOptions({ sip, publicAddress }: Config) {
  const { most, perAddress } = sip.connections;
  const usual = publicAddress === undefined ? undefined : { host: publicAddress };
  return {
    host: sip.host,
    port: sip.port,
    advertise: usual,
    tls: sip.tls,
    limits: { maxConnections: most, maxPerAddress: perAddress },
    listeners: sip.listeners.map(({ protocol, host, port, public: told }) => ({
      protocol,
      host,
      port,
      advertise: told ?? (publicAddress !== undefined && servesFamilyOf(host, publicAddress) ? usual : undefined),
    })),
  };
}

/** The families in which we can send, that of the SIP host first. */
function familiesOf({ sip }: Config): readonly (4 | 6)[] {
  const hosts = [sip.host, ...sip.listeners.map(({ host }) => host)];
  return [...new Set(hosts.flatMap((host) => (host === "::" ? ([4, 6] as const) : isIPv6(host) ? ([6] as const) : ([4] as const))))];
}

/** Says which setting to change when a listener or a certificate cannot be had. */
async function opened<T>({ sip }: Config, opening: Promise<T>): Promise<T> {
  const setting = "CALLWRIGHT_SIP_LISTENERS";
  const first = { name: "SIP", ...sip, hostSetting: "CALLWRIGHT_SIP_HOST", portSetting: "CALLWRIGHT_SIP_PORT" };
  try {
    return await opening;
  } catch (cause) {
    if (cause instanceof CertificateError) throw certificatesUnusable(cause.message, cause);
    const further = sip.listeners.find(({ host, port }) => isAt(cause, host, port) && !isAt(cause, sip.host, sip.port));
    const named = further && { ...further, name: `SIP by ${further.protocol}`, hostSetting: setting, portSetting: setting };
    return await listening<T>(named ?? first, Promise.reject(cause));
  }
}

/** Whether the system's refusal was for this socket. */
function isAt(cause: unknown, host: string, port: number): boolean {
  return cause instanceof Error && "port" in cause && "address" in cause && cause.port === port && cause.address === host;
}
