/** A session description as a value, RFC 8866. Lines that no one here needs (i=, u=, b=, k=, t=, …) are not kept. */

export type SessionDescription = {
  readonly origin: Origin;
  readonly sessionName: string;
  /** Of the session: holds for every media description without its own. */
  readonly connection?: string | undefined;
  readonly attributes: readonly Attribute[];
  readonly media: readonly MediaDescription[];
};

export type Origin = {
  readonly username: string;
  /** Decimal digits, up to 64 bits: text, because a number would round them. */
  readonly sessionId: string;
  readonly version: string;
  readonly address: string;
};

export type MediaDescription = {
  /** audio, video, image, … */
  readonly media: string;
  /** 0: the stream is refused or ended. */
  readonly port: number;
  /** RTP/AVP, RTP/SAVP, udptl, … */
  readonly protocol: string;
  /** Payload types as text for RTP. */
  readonly formats: readonly string[];
  readonly connection?: string | undefined;
  readonly attributes: readonly Attribute[];
};

/** `a=name:value`; a property attribute (`a=sendonly`) has the value "". */
export type Attribute = { readonly name: string; readonly value: string };

export function attributeOf(attributes: readonly Attribute[], name: string): string | undefined {
  return attributes.find((attribute) => attribute.name === name)?.value;
}

/** The address of a media description: its own c= line or the session's. */
export function connectionOf(session: SessionDescription, media: MediaDescription): string | undefined {
  return media.connection ?? session.connection;
}
