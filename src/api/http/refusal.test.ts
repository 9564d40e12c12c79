import { expect, test } from "vitest";
import { type ErrorRegistry, refusals } from "../../kernel/index.ts";
import { asRefusal } from "./refusal.ts";

const elsewhere = refusals({
  DISK_AWAY: { category: "unavailable", message: "Away." },
  DISK_ODD: { category: "conflict", message: "Odd." },
} as const satisfies ErrorRegistry);

test("what a port cannot reach now is said as such, with its cause; other codes of others are bugs", () => {
  const away = elsewhere("DISK_AWAY");
  expect(asRefusal(away)).toMatchObject({ code: "DIRECTORY_UNAVAILABLE", cause: away });
  expect(asRefusal(elsewhere("DISK_ODD")).code).toBe("API_INTERNAL");
  expect(asRefusal(new Error("no"))).toMatchObject({ code: "API_INTERNAL" });
});
