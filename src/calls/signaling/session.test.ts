import { describe, expect, test } from "vitest";
import { codecNames } from "../../kernel/index.ts";
import { answerTo, type DescribedLeg, offerOf } from "./session.ts";

const own = { secret: new Uint8Array(), codecs: codecNames };
const settings = { ...own, mediaAddress: "192.0.2.1", otherMediaAddress: "2001:db8::1" };
const leg: DescribedLeg = { id: "leg", localPort: 20_000, route: {} };

function offer(address: string): string {
  const family = address.includes(":") ? 6 : 4;
  return `v=0\r\no=- 1 1 IN IP${family} ${address}\r\ns=-\r\nc=IN IP${family} ${address}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n`;
}

const textOf = (content: string | Uint8Array) => Buffer.from(content).toString();

describe("IPv6", () => {
  test("an offer names it as IP6 (RFC 8866 §5.7)", () => {
    const made = offerOf(leg, 1, "sendrecv", { ...settings, mediaAddress: "2001:db8::1" });
    expect(textOf(made.content)).toMatch(/^o=- \d+ 1 IN IP6 2001:db8::1\r$/m);
    expect(textOf(made.content)).toContain("c=IN IP6 2001:db8::1\r\n");
  });

  test.each([
    ["192.0.2.9", "c=IN IP4 192.0.2.1\r\n"],
    ["2001:db8::9", "c=IN IP6 2001:db8::1\r\n"],
  ])("an answer to an offer from %s is of its family", (address, expected) => {
    const answer = answerTo(offer(address), leg, 1, "sendrecv", "192.0.2.9", settings);
    expect(answer.ok && textOf(answer.body.content)).toContain(expected);
  });

  test("where the peer's media is has the spelling of sockets, so that its packets are known", () => {
    const answer = answerTo(offer("2001:DB8:0:0::9"), leg, 1, "sendrecv", "2001:db8::9", settings);
    expect(answer.ok && answer.media.remote).toMatchObject({ address: "2001:db8::9", port: 4000 });
  });

  test("without an address of that family the one there is must do", () => {
    const answer = answerTo(offer("2001:db8::9"), leg, 1, "sendrecv", "192.0.2.9", { ...own, mediaAddress: "192.0.2.1" });
    expect(answer.ok && textOf(answer.body.content)).toContain("c=IN IP4 192.0.2.1\r\n");
  });
});
