import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { listSessions, listSessionsResponse, newOutgoingSession, sessionInfo } from "../session/contracts.ts";
import { formatXml, parseXmlOf } from "./xml.ts";
import { parseXml } from "./xml-parser.ts";

const instance = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"';
const voice = "http://schemas.datacontract.org/2004/07/Voice.Api";

const suffix = (namespaces: string) => createHash("md5").update(namespaces).digest().subarray(0, 6).toString("base64");

describe("writing", () => {
  test("absent references are nil, absent values have their default, empty lists have no items", () => {
    const xml = formatXml(sessionInfo, { id: "1", log: [], outcome: "" });
    expect(xml).toContain(`<CreatedBy xmlns="${voice}" i:nil="true"/>`);
    expect(xml).toContain('<AccountId i:nil="true"/>');
    expect(xml).toContain("<DialState>None</DialState>");
    expect(xml).toContain("<Ended>false</Ended>");
    expect(xml).toContain("<Log/>");
    expect(xml).toContain("<Outcome></Outcome>");
  });

  test("items of another namespace have its prefix, and so do the members inside", () => {
    const xml = formatXml(listSessionsResponse, { items: [{ id: "1", customerBreadcrumb: [{ id: "c" }] }], totalCount: 1 });
    expect(xml).toContain(`<ListResponseOfSessionInfoBWxtuWQa ${instance} xmlns="${voice}"><HasMorePages>false</HasMorePages>`);
    expect(xml).toContain(`<Items xmlns:d2p1="${voice}.Sessions"><d2p1:SessionInfo><CreatedBy i:nil="true"/>`);
    expect(xml).toContain(`<d2p1:CustomerBreadcrumb xmlns:d4p1="${voice}.Customers"><d4p1:CustomerBreadcrumb><d4p1:Id>c</d4p1:Id>`);
  });

  test("the name of a generic class follows from its arguments' namespaces", () => {
    // A class that the vendor's pages show, and ours.
    expect(suffix(` 2 http://www.w3.org/2001/XMLSchema ${voice}.Flows`)).toBe("ipFhVFNS");
    expect(listSessionsResponse.name).toBe(`ListResponseOfSessionInfo${suffix(` 1 ${voice}.Sessions`)}`);
  });

  test("nothing in a text can end it, and what XML cannot hold is replaced", () => {
    const xml = formatXml(newOutgoingSession, { flowId: "<a> & ]]> \u0000\ud800\r" });
    expect(xml).toContain("<FlowId>&lt;a&gt; &amp; ]]&gt; \ufffd\ufffd&#xD;</FlowId>");
  });
});

describe("reading", () => {
  test("in any order, with any prefix, with unknown members, comments and CDATA", () => {
    const read = parseXmlOf(
      newOutgoingSession,
      `\ufeff<?xml version="1.0"?><!-- hi --><v:NewOutgoingSession xmlns:v='urn:x' a="&lt;">
        <v:NumberToDial>+1814&#52;043&#x30;93</v:NumberToDial><Other><Deep/></Other><FlowId><![CDATA[<f>]]></FlowId>
        <CallerId i:nil="true" ${instance}/></v:NewOutgoingSession>`,
    );
    expect(read).toMatchObject({ ok: true, value: { NumberToDial: "+18144043093", FlowId: "<f>", CallerId: null } });
  });

  test("lists", () => {
    const read = parseXmlOf(listSessions, "<ListSessions><SpecificIds><string>a</string><string>b</string></SpecificIds></ListSessions>");
    expect(read).toEqual({ ok: true, value: { SpecificIds: ["a", "b"] } });
  });

  test.each([
    ["", "there is no element"],
    ["text", "text outside the element"],
    ["<a>", "<a> is not closed"],
    ["<a></b>", "</b> closes nothing"],
    ["<a/><b/>", "more than one element at the top"],
    ["<a b=c/>", "the value of b is not in quotes"],
    ["<a b='1' b='2'/>", "the attribute b stands twice"],
    ["<a>&nbsp;</a>", "&nbsp; is not known"],
    ["<a>&#0;</a>", "&#0; is not known"],
    ["<a>& b</a>", "& does not begin an entity"],
    ["<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "a document type is not allowed"],
    ["<a><!ENTITY x SYSTEM 'file:///etc/passwd'></a>", "a document type is not allowed"],
    [`${"<a>".repeat(65)}${"</a>".repeat(65)}`, "more than 64 levels"],
  ])("refuses %j", (source, reason) => {
    expect(parseXml(source)).toMatchObject({ ok: false, reason });
  });

  test("refuses the document of another operation", () => {
    expect(parseXmlOf(newOutgoingSession, "<EndSession/>")).toMatchObject({ ok: false });
  });
});
