import { expect, test } from "vitest";
import { HeaderList, type HeaderPair } from "../message/header-list.ts";
import type { SipRequest } from "../message/message.ts";
import { checkBody, sessionBodyOf } from "./session-body.ts";

function invite(body: string, ...headers: HeaderPair[]): SipRequest {
  return { kind: "request", method: "INVITE", uri: "sip:us@192.0.2.1", headers: new HeaderList(headers), body: Buffer.from(body) };
}

function mixed(parts: readonly string[], type = "multipart/mixed"): SipRequest {
  const body = parts.map((part) => `--b1\r\n${part}\r\n`).join("");
  return invite(`preamble\r\n${body}--b1--\r\n`, ["Content-Type", `${type};boundary="b1"`]);
}

const sdpPart = "Content-Type: application/sdp\r\n\r\nv=0\r\n";
const place = "Content-Type: application/pidf+xml\r\nContent-ID: <a@b>\r\n\r\n<presence/>";
const optionalPlace = place.replace("\r\n\r\n", "\r\nContent-Disposition: render; handling=optional\r\n\r\n");

test.each<[string, SipRequest, string | undefined, number | undefined]>([
  ["a plain session description", invite("v=0", ["Content-Type", "application/sdp"]), "v=0", undefined],
  ["its type in other letters and with parameters", invite("v=0", ["Content-Type", "Application/SDP; charset=utf-8"]), "v=0", undefined],
  ["no type at all", invite("v=0"), "v=0", undefined],
  ["no body", invite(""), undefined, undefined],
  ["an unknown type (RFC 3261 §8.2.3)", invite("x", ["Content-Type", "text/plain"]), undefined, 415],
  [
    "an unknown type that is optional (RFC 3261 §20.11)",
    invite("x", ["Content-Type", "text/plain"], ["Content-Disposition", "render;handling=optional"]),
    undefined,
    undefined,
  ],
  ["an encoding (RFC 3261 §20.12)", invite("v=0", ["Content-Type", "application/sdp"], ["Content-Encoding", "gzip"]), undefined, 415],
  ["no encoding, said so", invite("v=0", ["Content-Type", "application/sdp"], ["Content-Encoding", "identity"]), "v=0", undefined],
  [
    "a description of early media (RFC 3959)",
    invite("v=0", ["Content-Type", "application/sdp"], ["Content-Disposition", "early-session"]),
    undefined,
    415,
  ],
  ["a type that is none", invite("x", ["Content-Type", "sdp"]), undefined, 400],
  ["several parts (RFC 5621 §3.1)", mixed([optionalPlace, sdpPart]), "v=0\r\n", undefined],
  ["a part that is required and unknown (RFC 5621 §8.2)", mixed([sdpPart, place]), "v=0\r\n", 415],
  ["parts within parts", mixed([`Content-Type: multipart/mixed;boundary=c2\r\n\r\n--c2\r\n${sdpPart}\r\n--c2--`]), "v=0\r\n", undefined],
  ["alternatives: the last that is understood", mixed([sdpPart, place], "multipart/alternative"), "v=0\r\n", undefined],
  ["alternatives of which none is", mixed([place, place], "multipart/alternative"), undefined, 415],
  ["a boundary that never comes", invite("v=0", ["Content-Type", "multipart/mixed;boundary=x"]), undefined, 400],
  ["no boundary", invite("--\r\n\r\n----", ["Content-Type", "multipart/mixed"]), undefined, 400],
])("%s", (_name, request, session, status) => {
  const found = sessionBodyOf(request)?.content;
  expect(found === undefined ? undefined : Buffer.from(found).toString()).toBe(session);
  expect(checkBody(request)?.status).toBe(status);
});

test("415 says what would be taken (RFC 3261 §8.2.3)", () => {
  expect(checkBody(invite("x", ["Content-Type", "text/plain"]))?.headers?.map(([name]) => name)).toEqual([
    "Accept",
    "Accept-Encoding",
    "Accept-Language",
  ]);
});

test.each([
  ["application/sdp", undefined],
  ["text/plain, application/*;q=0.3", undefined],
  ["*/*", undefined],
  ["text/plain", 406],
  ["application/sdp;q=0", 406],
  ["", 406],
])("a peer that takes %j in answers (RFC 3261 §20.1)", (accept, status) => {
  expect(checkBody(invite("v=0", ["Content-Type", "application/sdp"], ["Accept", accept]))?.status).toBe(status);
});
