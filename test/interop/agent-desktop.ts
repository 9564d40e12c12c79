import { AckExtension, CometD, type Message } from "cometd";
import { adapt } from "cometd-nodejs-client";
import { WebSocket } from "ws";
import type { Credentials, ServerProcess } from "../support/server-process.ts";
import { eventually, memberOf } from "../support/waiting.ts";

// An agent's desktop as customers build it: the operations over HTTP, the notifications by the official CometD client.

export type Transport = "long-polling" | "websocket";

/** What the tests read of a call. */
export type DesktopCall = {
  readonly id: string;
  readonly state: string;
  readonly mute: string;
  readonly callType: string;
  readonly dnis: string;
  readonly participants: readonly { readonly phoneNumber: string }[];
  readonly capabilities: readonly string[];
  readonly userData?: Readonly<Record<string, unknown>>;
};

export type Answer = { readonly status: number; readonly body: { readonly statusCode: number; readonly [member: string]: unknown } };

type Notification = {
  readonly messageType: string;
  readonly notificationType?: string;
  readonly call?: DesktopCall;
  readonly devices?: readonly { readonly userState: { readonly state: string } }[];
};

const api = "/api/v2";

/** The cookie that sockets send, as a browser does by itself: one desktop of a test file uses WebSocket at a time. */
let cookieOfSockets = "";

export class AgentDesktop implements AsyncDisposable {
  /** Everything that was told, in order: the new state of a call, "device Ready", or what else a notification says has changed. */
  readonly told: string[] = [];
  /** What the client was told of its own connection when something went wrong. */
  readonly failures: unknown[] = [];
  /** Of each handshake: whether it was not the first. */
  readonly handshakes: (boolean | undefined)[] = [];
  subscriptions = 0;
  readonly client = new CometD();
  readonly #server: ServerProcess;
  readonly #cookie: string;
  #call: DesktopCall | undefined;
  #heard = 0;

  private constructor(server: ServerProcess, cookie: string) {
    this.#server = server;
    this.#cookie = cookie;
  }

  /** Signs in with name and password, once; from then on there is only the cookie. Then subscribes to all of the user's own. */
  static async open(server: ServerProcess, credentials: Credentials, transport: Transport): Promise<AgentDesktop> {
    const desktop = new AgentDesktop(server, await signedIn(server, credentials));
    await desktop.#subscribe(transport);
    return desktop;
  }

  /** The call as it was told last. */
  get call(): DesktopCall {
    if (this.#call === undefined) throw new Error("no call was told of");
    return this.#call;
  }

  async ask(method: string, path: string, body?: object): Promise<Answer> {
    const response = await fetch(this.#server.url + api + path, {
      method,
      headers: { cookie: this.#cookie, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  }

  /** POST of an operation, which must succeed. */
  async operate(path: string, operationName: string, fields: object = {}): Promise<void> {
    const { status, body } = await this.ask("POST", path, { operationName, ...fields });
    if (status !== 200 || body.statusCode !== 0) throw new Error(`${operationName}: ${status} ${JSON.stringify(body)}`);
  }

  /** An operation on that call. */
  async onCall(operationName: string, fields: object = {}): Promise<void> {
    await this.operate(`/me/calls/${this.call.id}`, operationName, fields);
  }

  async dial(phoneNumber: string, fields: object = {}): Promise<void> {
    const { body } = await this.ask("GET", "/me/devices?fields=*");
    const [device] = body["devices"] as readonly { readonly id: string }[];
    await this.operate(`/me/devices/${device?.id}/calls`, "Dial", { destination: { phoneNumber }, ...fields });
  }

  /** What GET /me/calls lists. */
  async calls(): Promise<readonly DesktopCall[]> {
    return (await this.ask("GET", "/me/calls?fields=*")).body["calls"] as readonly DesktopCall[];
  }

  /** The next that is told must be this. */
  async hears(what: string, timeoutMs = 15_000): Promise<void> {
    await eventually(`the desktop hears ${what}`, () => this.told.length > this.#heard, timeoutMs);
    const next = this.told[this.#heard];
    if (next !== what) throw new Error(`"${next}" was told, not "${what}", after: ${this.told.slice(0, this.#heard).join(", ")}`);
    this.#heard += 1;
  }

  /** What was told and not heard yet. */
  get unheard(): readonly string[] {
    return this.told.slice(this.#heard);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.client.isDisconnected()) return;
    await new Promise<void>((resolve) => this.client.disconnect(() => resolve()));
  }

  async #subscribe(transport: Transport): Promise<void> {
    const { client } = this;
    for (const other of client.getTransportTypes()) if (other !== transport) client.unregisterTransport(other);
    client.registerExtension("ack", new AckExtension());
    const url = `${this.#server.url}${api}/notifications`;
    client.configure({ url, requestHeaders: { Cookie: this.#cookie }, logLevel: "warn", backoffIncrement: 100, maxBackoff: 500 });
    if (transport === "websocket") cookieOfSockets = this.#cookie;
    // A client subscribes again after each handshake: the server may have forgotten it.
    client.addListener("/meta/handshake", (message: Message) => {
      if (message.successful !== true) return;
      this.handshakes.push(message.reestablish);
      client.subscribe("/v2/me/*", ({ data }: Message) => this.#take(data as Notification));
    });
    client.addListener("/meta/unsuccessful", (message: Message) => this.failures.push(message.error));
    client.addListener("/meta/subscribe", ({ successful }: Message) => {
      if (successful === true) this.subscriptions += 1;
    });
    client.handshake();
    await eventually("a subscription", () => this.subscriptions === 1);
  }

  #take({ messageType, notificationType, call, devices }: Notification): void {
    if (call === undefined) {
      this.told.push(messageType === "DeviceStateChangeMessage" ? `device ${devices?.[0]?.userState.state}` : messageType);
      return;
    }
    this.#call = call;
    const isMuted = call.mute === "On" ? " muted" : "";
    this.told.push(notificationType === "StatusChange" ? `${call.state}${isMuted}` : String(notificationType));
  }
}

/** The cookie JSESSIONID of a new login. */
async function signedIn(server: ServerProcess, { email, password }: Credentials): Promise<string> {
  const authorization = `Basic ${Buffer.from(`${email}:${password}`).toString("base64")}`;
  const response = await fetch(`${server.url}${api}/me`, { headers: { authorization } });
  const [cookie] = /JSESSIONID=[^;]+/.exec(response.headers.get("set-cookie") ?? "") ?? [];
  if (cookie === undefined) throw new Error(`no session: ${response.status} ${await response.text()}`);
  return cookie;
}

/** A further user with an extension and a SIP phone; the account that the phone signs in with. */
export async function addAgent(server: ServerProcess, name: string, extension: string) {
  const phone = { username: name, password: `the-password-of-${name}` };
  const login: Credentials = { email: `${name}@example.test`, password: "a-good-password" };
  const user = await server.succeed("POST", "/v1/users", { ...login, roles: ["user"], phone });
  await server.succeed("POST", "/v1/lines", { userId: memberOf(user.json(), "id"), number: extension });
  return { login, account: { ...phone, port: server.sipPort } };
}

/** Makes this process what the client expects of a browser, without its chatter. */
export function adaptToBrowser(): void {
  adapt();
  const window = Reflect.get(globalThis, "window") as { console: object; WebSocket: unknown };
  window.console = { ...console, debug: () => undefined, info: () => undefined, warn: () => undefined };
  window.WebSocket = class extends WebSocket {
    constructor(url: string) {
      super(url, { headers: { cookie: cookieOfSockets } });
    }
  };
}
