/** The native API over the fakes, and a short way to ask it something. */
import type { InjectOptions } from "fastify";
import type { List, Problem } from "../../../src/api/contract/answers.ts";
import type { CallView } from "../../../src/api/contract/calls.ts";
import type {
  CreatedApiKey,
  FlowView,
  NumberView,
  PhoneView,
  SoundView,
  TrunkView,
  UserView,
} from "../../../src/api/contract/configuration.ts";
import type { DemoPhoneChange, DemoPhoneView } from "../../../src/api/contract/demo-phone.ts";
import type { SentMessage } from "../../../src/api/contract/messages.ts";
import type { CallTraceView } from "../../../src/api/contract/traces.ts";
import type { RecordingView } from "../../../src/api/contract/recordings.ts";
import { type DemoPhoneControl, type HttpServer, nativeDialect } from "../../../src/api/index.ts";
import type { Role } from "../../../src/directory/index.ts";
import { StoredRecordings } from "../../../src/recordings/index.ts";
import { MemoryRecordings } from "../recordings/memory-recordings.ts";
import { FakeMessages } from "./messages.ts";
import { testShelf, type TestShelf } from "./sounds.ts";
import { FakeTraces } from "./traces.ts";
import { basicOf, testHouse, type TestHouse, testServer } from "./http.ts";

export class FakeDemoPhone implements DemoPhoneControl {
  #view: DemoPhoneView = { number: "+12025550100", behaviour: "answer", answerAfterMs: 2000, digits: "" };
  heard: Uint8Array | undefined;

  async status() {
    return this.#view;
  }

  async configure(change: DemoPhoneChange) {
    this.#view = { ...this.#view, ...change };
    return this.#view;
  }

  async recording() {
    return this.heard === undefined ? undefined : { bytes: this.heard };
  }
}

export type NativeApi = TestHouse & {
  readonly server: HttpServer;
  readonly demoPhone: FakeDemoPhone;
  readonly traces: FakeTraces;
  readonly recordings: MemoryRecordings;
  readonly messages: FakeMessages;
  readonly sounds: TestShelf;
  /** Sends a request as the user of a role, or as nobody. `body` is read as JSON where it is JSON. */
  ask(
    role: Role | undefined,
    method: NonNullable<InjectOptions["method"]>,
    url: string,
    payload?: object | string | Buffer,
    headers?: Record<string, string>,
  ): Promise<Answer>;
};

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly body: Body;
};

/** Every shape there is at once: a test knows which one it asked for, and the assertion fails when it is another. */
type Shown = CallView &
  SoundView &
  FlowView &
  NumberView &
  TrunkView &
  UserView &
  PhoneView &
  CreatedApiKey &
  DemoPhoneView &
  CallTraceView &
  SentMessage &
  Omit<RecordingView, "state">;
type Body = Shown & Problem & List<Shown>;

export async function nativeApi(
  options: { readonly withoutDemoPhone?: boolean; readonly publicUrl?: string; readonly recordingsDirectory?: string } = {},
): Promise<NativeApi> {
  const house = await testHouse(options);
  const demoPhone = new FakeDemoPhone();
  const traces = new FakeTraces();
  const messages = new FakeMessages(house.directory);
  const recordings = new MemoryRecordings();
  const { recordingsDirectory: directory = "/nonexistent" } = options;
  const sounds = await testShelf();
  const dialect = nativeDialect({
    ...house,
    traces,
    messages,
    recordings: new StoredRecordings({
      store: recordings,
      clock: house.clock,
      directory,
      secret: Buffer.alloc(32),
      deleted: () => undefined,
    }),
    sounds,
    version: "1.2.3",
    demoPhone: options.withoutDemoPhone === true ? undefined : demoPhone,
  });
  const server = await testServer(house, [dialect]);
  server.fastify.addHook("onClose", () => sounds[Symbol.asyncDispose]());
  return Object.assign(house, {
    server,
    demoPhone,
    traces,
    messages,
    recordings,
    sounds,
    async ask(
      role: Role | undefined,
      method: NonNullable<InjectOptions["method"]>,
      url: string,
      payload?: object | string | Buffer,
      headers = {},
    ) {
      const authorization = role === undefined ? {} : { authorization: basicOf(role) };
      const type = typeof payload === "string" ? { "content-type": "application/json" } : {};
      const answer = await server.fastify.inject({
        method,
        url,
        headers: { ...authorization, ...type, ...headers },
        ...(payload === undefined ? {} : { payload }),
      });
      const isJson = String(answer.headers["content-type"]).includes("json") && answer.payload !== "";
      return { status: answer.statusCode, headers: answer.headers, text: answer.payload, body: (isJson ? answer.json() : {}) as Body };
    },
  });
}
