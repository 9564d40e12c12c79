/** Many CometD clients that are told nothing, a process of their own. The parent says which; the answer is that all of them wait. */
import { once } from "node:events";
import { type BayeuxClient, openBayeuxClient, type Transport } from "./bayeux-client.ts";

export type IdleClients = {
  readonly url: string;
  readonly transport: Transport;
  /** The login of each client. */
  readonly cookies: readonly string[];
};

const clients: BayeuxClient[] = [];

process.on("disconnect", () => {
  for (const client of clients) client.close();
});

const [{ cookies, ...options }] = (await once(process, "message")) as [IdleClients];
for (const cookie of cookies) clients.push(await openBayeuxClient({ ...options, cookie }, () => undefined));
process.send?.("all wait");
