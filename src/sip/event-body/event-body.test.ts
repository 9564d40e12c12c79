/** The documents that NOTIFY carries, against the examples of their RFCs and read back. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readXml } from "../../../test/support/xml-reader.ts";
import { formatDialogInfo, isWanted, parseDialogFilter, type WatchedDialog } from "./dialog-info.ts";
import { emptyMailbox, formatMessageSummary } from "./message-summary.ts";
import { formatPresenceInfo } from "./presence-info.ts";
import { element, xmlDocument } from "./xml.ts";

const dialog: WatchedDialog = {
  id: "as7d900as8",
  callId: "a84b4c76e66710",
  localTag: "1928301774",
  remoteTag: "456887766",
  direction: "initiator",
  state: "confirmed",
  local: { identity: "sip:alice@example.com", display: 'Alice "A" <&>', target: "sip:alice@example.com", isRendering: false },
  remote: { identity: "sip:bob@example.org", target: "sip:leg@192.0.2.1" },
};

describe("dialog-info (RFC 4235)", () => {
  test("§4.4: elements and attributes in their order and with their names", () => {
    expect(formatDialogInfo({ version: 3, state: "partial", entity: "sip:alice@example.com", dialogs: [dialog] })).toBe(
      [
        `<?xml version="1.0" encoding="UTF-8"?>\n`,
        `<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="3" state="partial" entity="sip:alice@example.com">`,
        `<dialog id="as7d900as8" call-id="a84b4c76e66710" local-tag="1928301774" remote-tag="456887766" direction="initiator">`,
        `<state>confirmed</state>`,
        `<local><identity display="Alice &quot;A&quot; &lt;&amp;&gt;">sip:alice@example.com</identity>`,
        `<target uri="sip:alice@example.com"><param pname="+sip.rendering" pvalue="no"/></target></local>`,
        `<remote><identity>sip:bob@example.org</identity><target uri="sip:leg@192.0.2.1"/></remote>`,
        `</dialog></dialog-info>\n`,
      ].join(""),
    );
  });

  test("§4.1.4: how it ended", () => {
    const text = formatDialogInfo({
      version: 0,
      state: "full",
      entity: "sip:a@b",
      dialogs: [{ ...dialog, state: "terminated", end: "rejected", code: 486 }],
    });
    expect(text).toContain(`<state event="rejected" code="486">terminated</state>`);
  });

  test.each([
    ["dialog", true],
    ["dialog;call-id=a84b4c76e66710", true],
    [`dialog; call-id="a84b4c76e66710" ;to-tag=1928301774;from-tag=456887766`, true],
    ["dialog;call-id=other", false],
    ["dialog;call-id=a84b4c76e66710;to-tag=456887766", false],
    ["dialog;call-id=a84b4c76e66710;from-tag=1928301774", false],
    ["dialog;call-id=", true],
  ])("§3.2: %s", (event, isMeant) => {
    expect(isWanted(parseDialogFilter(event), dialog)).toBe(isMeant);
  });
});

describe("presence (RFC 3863)", () => {
  test("§4.1: tuples first, then the person (RFC 4480 §3.2)", () => {
    const { attributes, children } = readXml(formatPresenceInfo({ entity: "sip:5001@x", basic: "open", activity: "on-the-phone" }));
    expect([attributes["entity"], children.map(({ name }) => name)]).toEqual(["sip:5001@x", ["tuple", "dm:person"]]);
    expect(children[0]?.children.map(({ name }) => name)).toEqual(["status", "contact", "note"]);
    expect(children[0]?.children[0]?.children[0]).toMatchObject({ name: "basic", text: "open" });
    expect(children[1]?.children[0]?.children[0]?.name).toBe("rpid:on-the-phone");
  });

  test("without an activity there is no person", () => {
    expect(readXml(formatPresenceInfo({ entity: "sip:5001@x", basic: "closed" })).children.map(({ name }) => name)).toEqual(["tuple"]);
  });
});

test("RFC 3842 §5.2: message summaries", () => {
  expect(formatMessageSummary("sip:5001@x", emptyMailbox)).toBe(
    "Messages-Waiting: no\r\nMessage-Account: sip:5001@x\r\nVoice-Message: 0/0 (0/0)\r\n",
  );
  expect(formatMessageSummary("sip:5001@x", { new: 2, old: 8, urgentNew: 0, urgentOld: 2 })).toContain(
    "Messages-Waiting: yes\r\nMessage-Account: sip:5001@x\r\nVoice-Message: 2/8 (0/2)\r\n",
  );
});

/** What an XML document can hold; whatever else is given becomes U+FFFD. */
function holdable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are meant
  return text.toWellFormed().replaceAll(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, "\uFFFD");
}

test("whatever stands in attributes and text is read back as it was", () => {
  const anything = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("<", "&", '"', "'", "]]>", "\n", "\ud800", "a") }),
  );
  fc.assert(
    fc.property(anything, anything, (attribute, text) => {
      const read = readXml(xmlDocument(element("a", { b: attribute, c: undefined }, [element("d"), text])));
      expect([read.attributes, read.text, read.children.length]).toEqual([{ b: holdable(attribute) }, holdable(text), 1]);
    }),
  );
});
