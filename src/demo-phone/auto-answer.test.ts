import { expect, test } from "vitest";
import { HeaderList } from "../sip/index.ts";
import { autoAnswerAfterMs } from "./auto-answer.ts";

function asked(name: string, value: string): number | undefined {
  const headers = new HeaderList([[name, value]]);
  return autoAnswerAfterMs({ kind: "request", method: "INVITE", uri: "sip:x@y", headers, body: new Uint8Array() });
}

test.each([
  ["Call-Info", "<sip:desk@192.0.2.1>;answer-after=0", 0],
  ["Call-Info", "<sip:desk@192.0.2.1>; Answer-After=3", 3000],
  ["Call-Info", "<sip:desk@192.0.2.1>;answer-after=soon", undefined],
  ["Call-Info", "<http://example.com/photo.png>;purpose=icon", undefined],
  ["Alert-Info", "<sip:desk@192.0.2.1>;info=alert-autoanswer;delay=0", 0],
  ["Alert-Info", "<sip:desk@192.0.2.1>;info=ring-3", undefined],
  ["Answer-Mode", "Auto", 0],
  ["Answer-Mode", "auto;require", 0],
  ["Answer-Mode", "Manual", undefined],
  ["Subject", "Auto", undefined],
])("%s: %s", (name, value, expected) => {
  expect(asked(name, value)).toBe(expected);
});
