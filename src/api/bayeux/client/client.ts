/**
 * A CometD client, from its handshake to its end, and the links by which it is reached.
 *
 *     handshaken ── connect ──▶ held ── event, timeout, second connect ──▶ between connects ── connect ──▶ held
 *         │                      │  └─ its link ended ─────────────────────▶      │
 *         └── no connect in time, disconnect, login ended, too far behind ────────┴──▶ gone: every message gets 402
 */
import type { Message } from "../message.ts";
import type { Outbox } from "./outbox.ts";

/** A connect that has not been answered. */
export type Connect = {
  readonly message: Message;
  readonly link: Link;
  readonly receivedAt: number;
};

export type Client = {
  readonly id: string;
  readonly subject: Subject;
  readonly browserId: string;
  /** With the ack extension: events go out in replies to connects only, and wait until they are acknowledged. */
  readonly acknowledges: boolean;
  readonly subscriptions: Set<string>;
  readonly outbox: Outbox;
  held: Connect | undefined;
  /** Where events are pushed. Undefined over HTTP. */
  pipe: Link | undefined;
  /** The interval that the client was last told; undefined when it has to be told again. */
  toldIntervalMs: number | undefined;
};

/** Who signed in. A client belongs to both for life. */
export type Subject = {
  /** The user. */
  readonly key: string;
  readonly loginId: string;
};

export type Sender = {
  /** Undefined when nobody is signed in. */
  readonly subject: Subject | undefined;
  /** Value of the cookie BAYEUX_BROWSER; a new one when the sender showed none. */
  readonly browserId: string;
  readonly isBrowserKnown: boolean;
  /** Set when the login was refused only for now. */
  readonly retryAfterMs?: number | undefined;
};

/** The way back for what came in: one HTTP request, which takes one frame, or a WebSocket, which takes any number. */
export type Link = {
  readonly sender: Sender;
  /** Frames may be sent at any time, so a browser's limit of connections does not matter. */
  readonly canPush: boolean;
  /** Whose connect is held here, and who has events pushed here. Kept by the protocol. */
  readonly clients: Set<Client>;
  /** Bytes that have not left yet. */
  readonly unsentBytes: number;
  /** `settled` hears whether the whole frame was handed to the system before the connection ended. */
  send(frame: string, settled?: (hasLeft: boolean) => void): void;
  /** Cuts the connection of a reader that is too slow. Nothing to do over HTTP. */
  end(): void;
};
