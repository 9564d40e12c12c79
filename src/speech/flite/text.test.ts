import { expect, test } from "vitest";
import { speakableText } from "./text.ts";

test.each([
  ["Hello  world\u0000\r\n!", "Hello world !"],
  ["Café, Straße, Ærø", "Cafe, Strasse, Aero"],
  ["“It’s” – 5 €…", '"It\'s" - 5 euro ...'],
  ["日本 2", "2"],
  ["日本 !?", ""],
  ["", ""],
])("%j is read as %j", (text, speakable) => {
  expect(speakableText(text)).toBe(speakable);
});
