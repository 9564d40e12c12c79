/** JSON shapes of messages to phones. */

export type NewMessage = {
  /** An extension, or a phone's user name. */
  readonly to: string;
  readonly text: string;
};

export type SentMessage = {
  readonly deliveries: readonly {
    /** A phone's user name. */
    readonly phone: string;
    /** What it answered: 200 taken, 202 kept for later; 408 when it said nothing. */
    readonly status: number;
  }[];
};
