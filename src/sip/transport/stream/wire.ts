/** An established connection as a pipe of SIP messages: a stream of bytes, or the frames of a WebSocket (RFC 7118 §5). */
import { isUtf8 } from "node:buffer";
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { parseMessage } from "../../message/parse-message.ts";
import { maxMessageBytes, type StreamItem, StreamParser } from "../../message/stream-parser.ts";

export type WireListener = {
  /** A message, or two line ends, which want one as answer. With `isLast` it is unknown where the next message would begin. */
  item(item: StreamItem, isLast: boolean): void;
  /** Bytes came: the peer is there. `isPong`: they may answer a ping of ours. `isBeginning`: nothing of a message had come before them. */
  heard(isPong: boolean, isBeginning: boolean): void;
  failed(error: Error): void;
  closed(): void;
};

export type Wire = {
  readonly isOpen: boolean;
  /** Bytes that the peer has not taken yet. */
  readonly queuedBytes: number;
  /** Bytes of a message of which more is to come. */
  readonly pendingBytes: number;
  listen(listener: WireListener): void;
  write(bytes: Uint8Array, done: (error: Error | null | undefined) => void): void;
  /** RFC 5626 §4.4.1, RFC 6455 §5.5.2. */
  ping(): void;
  /** Closes when what waits has gone out. */
  end(): void;
  destroy(): void;
};

const ping = Buffer.from("\r\n\r\n");
const [cr, lf] = [13, 10];

/** TCP and TLS: messages by Content-Length. */
export function byteWire(socket: Socket): Wire {
  const parser = new StreamParser();
  return {
    get isOpen() {
      return !socket.destroyed && socket.writable;
    },
    get queuedBytes() {
      return socket.writableLength;
    },
    get pendingBytes() {
      return parser.pendingBytes;
    },
    listen(listener) {
      socket.on("data", (chunk: Buffer) => {
        // A broken stream is only waiting for its end; it must not stay open by sending more.
        if (parser.isBroken) return;
        const isBeginning = parser.pendingBytes === 0;
        listener.heard(isBeginning && (chunk[0] === cr || chunk[0] === lf), isBeginning);
        const items = parser.feed(chunk);
        for (const item of items) listener.item(item, parser.isBroken && item === items.at(-1));
      });
      socket.on("error", (error) => listener.failed(error));
      // The peer will send nothing more, so nothing we say here is of use (no half-open connections in SIP).
      socket.on("end", () => socket.end());
      socket.on("close", () => listener.closed());
    },
    write: (bytes, done) => void socket.write(bytes, done),
    ping: () => void socket.write(ping),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
  };
}

/** One frame, one message; what is longer than `maxMessageBytes` has been refused by `ws` before. */
export function frameWire(socket: WebSocket): Wire {
  return {
    get isOpen() {
      return socket.readyState === socket.OPEN;
    },
    get queuedBytes() {
      return socket.bufferedAmount;
    },
    // `ws` tells of whole messages only: one that never ends is silence.
    pendingBytes: 0,
    listen(listener) {
      socket.on("message", (data) => {
        const bytes = bytesOf(data);
        const isKeepAlive = bytes.every((byte) => byte === cr || byte === lf);
        listener.heard(isKeepAlive, true);
        if (!isKeepAlive) listener.item({ kind: "message", message: parseMessage(bytes), bytes }, false);
        else if (bytes.length >= ping.length) listener.item({ kind: "ping" }, false);
      });
      socket.on("ping", () => listener.heard(false, true));
      socket.on("pong", () => listener.heard(true, true));
      socket.on("error", (error) => listener.failed(error));
      socket.on("close", () => listener.closed());
    },
    // Browsers' stacks want text; a body that is not UTF-8 can only go as binary (RFC 7118 §5.2).
    write: (bytes, done) => socket.send(bytes, { binary: !isUtf8(bytes) }, done),
    ping: () => socket.ping(),
    end: () => socket.close(),
    destroy: () => socket.terminate(),
  };
}

/** For `ws`: the longest frame or row of fragments. */
export const maxFrameBytes = maxMessageBytes;

function bytesOf(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
}
