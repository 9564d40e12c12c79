/** ICE in SDP, RFC 8839 §5. We do not do it, and answer without: then both sides use the addresses of c= and m= (RFC 8839 §4.2.5). */
import { attributeOf, attributesOf, type MediaDescription, type SessionDescription } from "../description/session-description.ts";

export const candidateKinds = ["host", "srflx", "prflx", "relay"] as const;

export type IceCandidate = {
  readonly foundation: string;
  /** 1 RTP, 2 RTCP. */
  readonly component: number;
  readonly transport: string;
  readonly priority: number;
  readonly address: string;
  readonly port: number;
  readonly kind: (typeof candidateKinds)[number];
  readonly related?: { readonly address: string; readonly port: number } | undefined;
  readonly extensions: readonly (readonly [name: string, value: string])[];
};

/** a=candidate; of another kind than RFC 8839 knows: undefined, to be ignored. */
export function parseCandidate(value: string): IceCandidate | undefined {
  const [foundation = "", component, transport = "", priority, address = "", port, typ, kind, ...rest] = value.split(/\s+/);
  const known = candidateKinds.find((name) => name === kind);
  const isRead =
    /^[A-Za-z0-9+/]{1,32}$/.test(foundation) &&
    isWithin(component, 1, 256) &&
    isWithin(priority, 1, 0x7fff_ffff) &&
    isWithin(port, 0, 65_535) &&
    typ === "typ" &&
    rest.length % 2 === 0;
  if (!isRead || known === undefined) return undefined;
  const pairs = Array.from({ length: rest.length / 2 }, (_, index) => [rest[index * 2] ?? "", rest[index * 2 + 1] ?? ""] as const);
  const [first, second] = pairs;
  const hasRelated = first?.[0] === "raddr" && second?.[0] === "rport" && isWithin(second[1], 0, 65_535);
  return {
    foundation,
    component: Number(component),
    transport,
    priority: Number(priority),
    address,
    port: Number(port),
    kind: known,
    ...(hasRelated && { related: { address: first[1], port: Number(second[1]) } }),
    extensions: hasRelated ? pairs.slice(2) : pairs,
  };
}

export type IceDescription = {
  readonly usernameFragment: string;
  readonly password: string;
  readonly options: readonly string[];
  readonly isLite: boolean;
  readonly candidates: readonly IceCandidate[];
  readonly isComplete: boolean;
};

/** What is said of ICE for a stream, by itself or for the session; undefined when there is no ICE. */
export function iceOf(session: SessionDescription, media: MediaDescription): IceDescription | undefined {
  const said = (name: string) => attributeOf(media.attributes, name) ?? attributeOf(session.attributes, name);
  const [usernameFragment = "", password = ""] = [said("ice-ufrag"), said("ice-pwd")];
  if (!/^[A-Za-z0-9+/]{4,256}$/.test(usernameFragment) || !/^[A-Za-z0-9+/]{22,256}$/.test(password)) return undefined;
  return {
    usernameFragment,
    password,
    options: said("ice-options")?.split(/\s+/) ?? [],
    isLite: attributeOf(session.attributes, "ice-lite") !== undefined,
    candidates: attributesOf(media.attributes, "candidate").flatMap((value) => parseCandidate(value) ?? []),
    isComplete: said("end-of-candidates") !== undefined,
  };
}

function isWithin(text: string | undefined, least: number, most: number): boolean {
  return text !== undefined && /^\d{1,10}$/.test(text) && Number(text) >= least && Number(text) <= most;
}
