/** Whatever happens between documents: who puts them together knows what is so, each ended dialog is told once, and the count has no gap. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { WatchedDialog } from "../../sip/index.ts";
import { DialogDocuments } from "./dialog-documents.ts";

const states = ["trying", "early", "confirmed", "terminated"] as const;
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant("change" as const), id: fc.nat(4), state: fc.constantFrom(...states) }) },
  { weight: 3, arbitrary: fc.constant({ what: "tell" as const }) },
  { weight: 1, arbitrary: fc.constant({ what: "refresh" as const }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("move" as const), id: fc.nat(4) }) },
);

test("documents add up", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const documents = new DialogDocuments();
      const live = new Map<string, WatchedDialog>();
      const known = new Map<string, string>();
      let version = 0;
      let mustBeFull = true;
      const tell = () => {
        const isNews = documents.isNews([...live.values()]);
        const document = documents.next([...live.values()]);
        expect(document.version).toBe(version++);
        if (mustBeFull) expect(document.state).toBe("full");
        if (!isNews && !mustBeFull && document.state === "partial")
          expect(document.dialogs.filter(({ state }) => state !== "trying")).toEqual([]);
        mustBeFull = false;
        if (document.state === "full") {
          const over = document.dialogs.filter(({ state }) => state === "terminated").map(({ id }) => id);
          expect(over.every((id) => known.has(id))).toBe(true);
          known.clear();
        }
        for (const { id, state } of document.dialogs) {
          if (state === "terminated") known.delete(id);
          else known.set(id, state);
        }
        expect(Object.fromEntries(known)).toEqual(Object.fromEntries([...live].map(([id, { state }]) => [id, state])));
        expect(documents.isNews([...live.values()])).toBe(false);
      };
      for (const one of steps) {
        if (one.what === "tell") tell();
        else if (one.what === "refresh") {
          documents.refresh();
          mustBeFull = true;
        } else if (one.what === "move") live.delete(String(one.id));
        else if (one.state === "terminated") {
          const ended = live.get(String(one.id));
          live.delete(String(one.id));
          if (ended !== undefined) documents.ended([{ ...ended, state: "terminated", end: "local-bye" }]);
        } else live.set(String(one.id), dialogOf(String(one.id), one.state));
      }
      tell();
    }),
  );
});

test("§4.3: a document that would leave nothing out is full; how a dialog ended is told once", () => {
  const documents = new DialogDocuments();
  const [one, two] = [dialogOf("1", "confirmed"), dialogOf("2", "early")];
  expect(documents.next([one])).toMatchObject({ version: 0, state: "full", dialogs: [one] });
  expect(documents.next([one, two])).toMatchObject({ version: 1, state: "partial", dialogs: [two] });
  const ended: WatchedDialog = { ...one, state: "terminated", end: "local-bye" };
  documents.ended([ended]);
  expect(documents.next([two])).toMatchObject({ version: 2, state: "partial", dialogs: [ended] });
  expect(documents.next([{ ...two, state: "confirmed" }])).toMatchObject({ version: 3, state: "full" });
});

function dialogOf(id: string, state: WatchedDialog["state"]): WatchedDialog {
  return { id, direction: "recipient", state, local: { identity: "sip:a@x" }, remote: { identity: "sip:b@x" } };
}
