import type { IncomingMessage, ServerResponse } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { Calls, MessageSender, Traces, Views } from "../../calls/index.ts";
import type { Directory } from "../../directory/index.ts";
import type { Clock, Ids } from "../../kernel/index.ts";
import type { SoundShelf } from "../../media/index.ts";
import type { Recordings } from "../../recordings/index.ts";
import type { Asking } from "../http/dialect.ts";
import type { Logins } from "../http/login.ts";
import type { DemoPhoneControl } from "./demo-phone.ts";

export type NativeOptions = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly version: string;
  readonly directory: Directory;
  readonly calls: Calls;
  readonly views: Views;
  readonly traces: Traces;
  readonly recordings: Recordings;
  readonly messages: MessageSender;
  readonly logins: Logins;
  /** Where the bytes of uploaded sounds are. */
  readonly sounds: SoundShelf;
  /** Undefined when this server runs no demo phone. */
  readonly demoPhone?: DemoPhoneControl | undefined;
};

/** What a file of routes gets. */
export type NativeContext = NativeOptions & { readonly asking: Asking };

/** A scope whose handlers take their types from the schemas. */
export type NativeScope = FastifyInstance<RawServerDefault, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>;
