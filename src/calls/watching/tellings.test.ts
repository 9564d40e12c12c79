/** A mailbox that comes one day tells its watchers through the same port. */
import { expect, test } from "vitest";
import { emptyMailbox } from "../../sip/index.ts";
import { mailboxTelling } from "./tellings.ts";

test("counts that change are news, once", () => {
  let counts = emptyMailbox;
  const telling = mailboxTelling("sip:5001@x", () => counts);
  expect(telling.body()).toMatchObject({ contentType: "application/simple-message-summary" });
  expect(telling.isNews([])).toBe(false);
  counts = { ...counts, new: 1 };
  expect(telling.isNews([])).toBe(true);
  expect(telling.body().content).toContain("Messages-Waiting: yes");
  expect(telling.isNews([])).toBe(false);
});
