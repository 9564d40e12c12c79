import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { openDataDirectory } from "../../../src/store/data-directory.ts";
import { startPostgresServer } from "../../../src/store/postgres-server.ts";
import { silentLogger, systemClock } from "../../../src/kernel/index.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** A PostgreSQL behind a TCP port that can be cut: nobody supervises it, as with a DATABASE_URL. */
export class CuttableDatabase implements AsyncDisposable {
  readonly url: string;
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  readonly #owned: AsyncDisposableStack;
  #state: "there" | "refusing" | "silent" = "there";

  private constructor(listener: Server, socketPath: string, owned: AsyncDisposableStack) {
    this.#listener = listener;
    this.#owned = owned;
    const address = listener.address();
    this.url = `postgres://callwright@127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/postgres`;
    listener.on("connection", (client) => this.#carry(client, socketPath));
  }

  static async start(): Promise<CuttableDatabase> {
    await using undo = new AsyncDisposableStack();
    const directory = undo.use(temporaryDirectory());
    const clock = systemClock();
    await (await openDataDirectory(directory.path, clock)).close();
    const server = await startPostgresServer({ dataDirectory: directory.path, clock, logger: silentLogger, syncs: false });
    undo.defer(() => server.stop());
    const listener = createServer().listen(0, "127.0.0.1");
    await once(listener, "listening");
    return new CuttableDatabase(listener, join(server.connection.host, ".s.PGSQL.5432"), undo.move());
  }

  /** Its connections break and new ones are refused. */
  refuse(): void {
    this.#state = "refusing";
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Connections are accepted and nothing ever comes back, as when its machine has lost the network. */
  fallSilent(): void {
    this.#state = "silent";
    for (const socket of this.#sockets) socket.pause();
  }

  comeBack(): void {
    this.refuse();
    this.#state = "there";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.refuse();
    const closed = once(this.#listener, "close");
    this.#listener.close();
    await closed;
    await this.#owned.disposeAsync();
  }

  #carry(client: Socket, socketPath: string): void {
    this.#keep(client);
    if (this.#state === "refusing") client.destroy();
    if (this.#state !== "there") return;
    const database = this.#keep(connect(socketPath));
    client.pipe(database).pipe(client);
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    // What breaks a connection here is the test itself.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
    return socket;
  }
}
