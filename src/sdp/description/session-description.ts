/**
 * A session description as a value: every line of RFC 8866 §5, in the order of its grammar (§9), and what the grammar does not know. Text is kept as it
 * came, so that what was read is written again byte for byte.
 */

export type SessionDescription = Section & {
  readonly origin: Origin;
  /** "-" when it has none. */
  readonly sessionName: string;
  readonly uri?: string | undefined;
  readonly emails?: readonly string[] | undefined;
  readonly phones?: readonly string[] | undefined;
  /** Of the session: holds for every media description without its own. */
  readonly connection?: Connection | undefined;
  /** Never empty; "0 0" in a call (RFC 3264 §5). */
  readonly times: readonly TimeDescription[];
  readonly media: readonly MediaDescription[];
};

/** What the session and each of its media descriptions have alike. */
type Section = {
  readonly information?: string | undefined;
  readonly bandwidths?: readonly Bandwidth[] | undefined;
  readonly key?: string | undefined;
  readonly attributes: readonly Attribute[];
  /** Lines that the grammar does not know, or not in this place: ignored (RFC 8866 §5), and written again after all others. */
  readonly others?: readonly string[] | undefined;
};

export type Origin = Connection & {
  readonly username: string;
  /** Decimal digits, up to 64 bits: text, because a number would round them. */
  readonly sessionId: string;
  readonly version: string;
};

/** Of o= and c=. */
export type Connection = {
  /** IN for the Internet. */
  readonly networkType: string;
  /** IP4 or IP6. */
  readonly addressType: string;
  /** A number or a name; of c= with what follows behind a slash (multicast). */
  readonly address: string;
};

export type Bandwidth = { readonly type: string; readonly value: string };

/** Seconds since 1900 as digits, 0 for unbounded. Its r= and z= lines stay text: no call has any. */
export type TimeDescription = { readonly start: string; readonly stop: string; readonly repeats?: readonly string[] | undefined };

export type MediaDescription = Section & {
  /** audio, video, image, … */
  readonly media: string;
  /** 0: the stream is refused or ended. */
  readonly port: number;
  /** Behind the port, of layered encodings. */
  readonly portCount?: string | undefined;
  /** RTP/AVP, RTP/SAVP, udptl, … */
  readonly protocol: string;
  /** Payload types as text for RTP. */
  readonly formats: readonly string[];
  /** Several only of layered multicast (RFC 8866 §5.7); the first counts. */
  readonly connections?: readonly Connection[] | undefined;
};

/** `a=name:value`; a property attribute (`a=sendonly`) has the value "". */
export type Attribute = { readonly name: string; readonly value: string };

/** The first value of that name, without the blanks around it. */
export function attributeOf(attributes: readonly Attribute[], name: string): string | undefined {
  return attributes.find((attribute) => attribute.name === name)?.value.trim();
}

export function attributesOf(attributes: readonly Attribute[], name: string): readonly string[] {
  return attributes.flatMap((attribute) => (attribute.name === name ? attribute.value.trim() : []));
}

/** The address of a media description, by its own c= line or the session's; undefined when there is none in the Internet. */
export function addressOf(session: SessionDescription, media: MediaDescription): string | undefined {
  const connection = media.connections?.[0] ?? session.connection;
  if (connection?.networkType !== "IN" || !/^IP[46]$/.test(connection.addressType)) return undefined;
  return connection.address.split("/", 1)[0];
}

/** `address` is numeric. */
export function internetAddress(address: string): Connection {
  return { networkType: "IN", addressType: address.includes(":") ? "IP6" : "IP4", address };
}
