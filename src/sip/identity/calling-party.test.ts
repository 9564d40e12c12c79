import { expect, test } from "vitest";
import { HeaderList, type HeaderPair } from "../message/header-list.ts";
import { callingPartyOf } from "./calling-party.ts";
import { diversionsIn } from "./history-info.ts";

const from: HeaderPair = ["From", '"Desk" <sip:1000@pbx.example>;tag=1'];
const anonymous: HeaderPair = ["From", '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1'];
const asserted: HeaderPair = ["P-Asserted-Identity", '"Ada L." <sip:+4930900@carrier.example;user=phone>'];

test.each<[string, HeaderPair[], boolean, Partial<ReturnType<typeof callingPartyOf>>]>([
  ["From alone", [from], true, { user: "1000", name: "Desk", isAnonymous: false }],
  ["an asserted identity (RFC 3325 §9.1)", [from, asserted], true, { user: "+4930900", name: "Ada L." }],
  ["one that is not believed (RFC 3325 §5)", [from, asserted], false, { user: "1000", name: "Desk" }],
  [
    "a tel URI, its separators gone (RFC 3966 §5.1.1)",
    [from, ["P-Asserted-Identity", "<tel:+49-30-900>"]],
    true,
    { user: "+4930900", name: "Desk" },
  ],
  [
    "a SIP and a tel URI: the one with a number (RFC 3325 §9.1)",
    [from, ["P-Asserted-Identity", '"Ada" <sip:ada@carrier.example>, <tel:+4930900>']],
    true,
    { user: "+4930900", name: "Ada" },
  ],
  [
    "Remote-Party-ID in its place",
    [from, ["Remote-Party-ID", '"Bo" <sip:+4940@x>;party=calling;privacy=off']],
    true,
    { user: "+4940", name: "Bo" },
  ],
  ["Remote-Party-ID of the callee", [from, ["Remote-Party-ID", "<sip:+4940@x>;party=called"]], true, { user: "1000" }],
  [
    "Remote-Party-ID that hides the name",
    [from, ["Remote-Party-ID", '"Bo" <sip:+4940@x>;privacy=name']],
    true,
    { user: "+4940", name: "", isAnonymous: false },
  ],
  ["Remote-Party-ID that hides all", [from, ["Remote-Party-ID", "<sip:+4940@x>;privacy=full"]], true, { user: "+4940", isAnonymous: true }],
  ["an anonymous From (RFC 3323 §4.1.1.3)", [anonymous], true, { user: "", name: "", isAnonymous: true }],
  [
    "an anonymous From whose number is asserted",
    [anonymous, asserted, ["Privacy", "id"]],
    true,
    { user: "+4930900", name: "Ada L.", isAnonymous: true },
  ],
  ["the same, not believed", [anonymous, asserted, ["Privacy", "id"]], false, { user: "", name: "", isAnonymous: true }],
  ["a number that is to be withheld (RFC 3325 §9.3)", [from, ["Privacy", "id"]], true, { user: "1000", isAnonymous: true }],
  ["Privacy: user (RFC 3323 §4.2)", [from, ["Privacy", "user;critical"]], true, { isAnonymous: true, isUnmet: false }],
  ["Privacy: header says nothing of who calls", [from, ["Privacy", "header"]], true, { isAnonymous: false }],
  ["Privacy: none (RFC 3323 §4.2)", [anonymous, asserted, ["Privacy", "none"]], true, { user: "+4930900", isAnonymous: false }],
  ["a critical privacy that nobody knows (RFC 3323 §5)", [from, ["Privacy", "invisible;critical"]], true, { isUnmet: true }],
  ["no user at all", [["From", "<sip:carrier.example>;tag=1"]], true, { user: "", isAnonymous: true }],
  ["no From that can be read", [["From", "<>"]], true, { user: "", isAnonymous: true }],
])("%s", (_name, headers, isBelieved, expected) => {
  expect(callingPartyOf(new HeaderList(headers), isBelieved)).toMatchObject(expected);
});

test("diversions in a history: by cause (RFC 4458), by Reason (RFC 7044 §5), private ones marked", () => {
  expect(
    diversionsIn([
      "<sip:first@example.org?Privacy=history>;index=1",
      "<sip:second@example.org;cause=486?Reason=SIP%3Bcause%3D408>;index=1.1;mp=1",
      "<sip:third@example.org>;index=1.1.1;mp=1.1",
    ]),
  ).toEqual([
    { uri: "sip:second@example.org", reason: "no-answer", count: 1, isPrivate: false },
    { uri: "sip:first@example.org", reason: "user-busy", count: 1, isPrivate: true },
  ]);
});
