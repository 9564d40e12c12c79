import { headerOf, type TracedMessage, withoutRetransmissions } from "./sip-trace.ts";

/**
 * What RFC 3261 asks of each message the server sends, judged by what one peer had on the wire and apart from the server's own code. Gives one line for
 * each breach: an empty list is a good trace. It knows one peer's view only, so nothing between two other ends.
 *
 * | of | rule | RFC 3261 |
 * |---|---|---|
 * | all | Content-Length is the size of the body | §18.3 |
 * | requests | To, From, CSeq, Call-ID, Max-Forwards and a Via with z9hG4bK stand in each | §8.1.1 |
 * | requests | From has a tag; To has one inside a dialog and none before | §8.1.1.2, §12.2.1.1 |
 * | requests in a dialog | the URI is the peer's latest Contact, Route its Record-Route, CSeq rises | §12.2.1.1 |
 * | ACK | CSeq of its INVITE; after a refusal also its branch and URI and the To of the refusal | §13.2.2.4, §17.1.1.3 |
 * | CANCEL | branch, URI, To and CSeq number of the INVITE | §9.1 |
 * | responses | Via, From, Call-ID and CSeq are the request's, and so is the tag in To when it had one | §8.2.6.2 |
 * | responses | all but 100 have a tag in To; 2xx to INVITE has Contact and the request's Record-Route | §8.2.6.2, §12.1.1 |
 */
export function breachesOf(messages: readonly TracedMessage[]): readonly string[] {
  const found: string[] = [];
  const all = withoutRetransmissions(messages);
  for (const [index, message] of all.entries()) {
    if (message.direction !== "received") continue;
    const before = all.slice(0, index);
    const breaches = [
      ...inEvery(message),
      ...(message.method === undefined ? inResponse(message, before) : inRequest(message, message.method, before)),
    ];
    for (const breach of breaches) found.push(`${message.startLine} (${headerOf(message, "cseq")}): ${breach}`);
  }
  return found;
}

function inEvery(message: TracedMessage): string[] {
  const length = headerOf(message, "content-length");
  return claim(
    length === String(Buffer.byteLength(message.body)),
    `Content-Length ${length} of a body of ${Buffer.byteLength(message.body)}`,
  );
}

function inRequest(request: TracedMessage, method: string, before: readonly TracedMessage[]): string[] {
  const isInDialog = tagOf(headerOf(request, "to")) !== undefined;
  const breaches = [
    ...["from", "to", "call-id", "cseq", "max-forwards"].flatMap((name) => claim(headerOf(request, name) !== "", `no ${name}`)),
    ...claim(branchOf(request)?.startsWith("z9hG4bK") === true, "a branch without z9hG4bK"),
    ...claim(tagOf(headerOf(request, "from")) !== undefined, "no tag in From"),
    ...claim(cseqOf(request).method === method, "CSeq names another method"),
    ...(method === "INVITE" ? claim(headerOf(request, "contact") !== "", "no Contact") : []),
  ];
  if (method === "ACK") return [...breaches, ...inAck(request, before)];
  if (method === "CANCEL") return [...breaches, ...inCancel(request, before)];
  const earlier = before.filter((other) => isOfOurSide(other, request) && other.method !== "ACK" && other.method !== "CANCEL");
  const highest = Math.max(-1, ...earlier.map((other) => cseqOf(other).number));
  breaches.push(...claim(cseqOf(request).number > highest, `CSeq does not rise above ${highest}`));
  return isInDialog ? [...breaches, ...inDialog(request, before)] : breaches;
}

/** The peer's Contact and Record-Route decide where a request of the dialog goes. */
function inDialog(request: TracedMessage, before: readonly TracedMessage[]): string[] {
  const ofDialog = before.filter((other) => headerOf(other, "call-id") === headerOf(request, "call-id"));
  const refreshing = ofDialog.filter(
    (other) =>
      other.direction === "sent" &&
      headerOf(other, "contact") !== "" &&
      /INVITE|UPDATE|SUBSCRIBE|NOTIFY|REFER/.test(cseqOf(other).method) &&
      (other.status === undefined || (other.status > 100 && other.status < 300)),
  );
  const target = refreshing.at(-1);
  if (target === undefined) return ["a request in a dialog that this peer knows nothing of"];
  // A strict router stands in the Request-URI, and the target is the last Route (§12.2.1.1).
  const expected = routeSetOf(ofDialog);
  const contact = uriOf(headerOf(target, "contact"));
  const isStrict = expected[0] !== undefined && !/;lr(\b|$)/.test(expected[0]);
  const [uri, routes] = isStrict ? [expected[0], [...expected.slice(1), contact]] : [contact, expected];
  const found = listOf(request, "route").map(uriOf);
  return [
    ...claim(uriIn(request) === uri, `goes to ${uriIn(request)}, not to ${uri}`),
    ...claim(found.join() === routes.join(), `Route is ${found.join()}, not ${routes.join()}`),
  ];
}

/** From the INVITE the peer sent or from its answer to ours (§12.1). */
function routeSetOf(ofDialog: readonly TracedMessage[]): readonly string[] {
  const invite = ofDialog.find((other) => other.method === "INVITE");
  if (invite?.direction === "sent") {
    const answer = ofDialog.find((other) => other.direction === "received" && isSuccessOfInvite(other));
    return answer === undefined ? [] : listOf(answer, "record-route").map(uriOf).toReversed();
  }
  const established = ofDialog.find((other) => other.direction === "sent" && isSuccessOfInvite(other));
  const early = ofDialog.find((other) => other.direction === "sent" && (other.status ?? 0) > 100);
  const answer = established ?? early;
  return answer === undefined ? [] : listOf(answer, "record-route").map(uriOf).toReversed();
}

function inAck(ack: TracedMessage, before: readonly TracedMessage[]): string[] {
  const { number } = cseqOf(ack);
  const invite = before.findLast((other) => isOfOurSide(other, ack) && other.method === "INVITE" && cseqOf(other).number === number);
  if (invite === undefined) return ["acknowledges no INVITE of this dialog"];
  const final = before.findLast((other) => isResponseTo(other, invite) && (other.status ?? 0) >= 200);
  if (final === undefined) return ["acknowledges an INVITE without a final response"];
  const isSuccess = (final.status ?? 0) < 300;
  const to = claim(tagOf(headerOf(ack, "to")) === tagOf(headerOf(final, "to")), "To has another tag than the response");
  if (isSuccess) return [...to, ...claim(branchOf(ack) !== branchOf(invite), "has the branch of the INVITE"), ...inDialog(ack, before)];
  return [
    ...to,
    ...claim(branchOf(ack) === branchOf(invite), "has another branch than the INVITE"),
    ...claim(uriIn(ack) === uriIn(invite), "goes to another URI than the INVITE"),
    ...claim(listOf(ack, "route").join() === listOf(invite, "route").join(), "has another Route than the INVITE"),
  ];
}

function inCancel(cancel: TracedMessage, before: readonly TracedMessage[]): string[] {
  const invite = before.findLast((other) => other.direction === "received" && branchOf(other) === branchOf(cancel));
  if (invite?.method !== "INVITE") return ["has the branch of no INVITE"];
  const same = ["to", "from", "call-id"].flatMap((name) =>
    claim(headerOf(cancel, name) === headerOf(invite, name), `${name} is not the INVITE's`),
  );
  return [
    ...same,
    ...claim(uriIn(cancel) === uriIn(invite), "goes to another URI than the INVITE"),
    ...claim(cseqOf(cancel).number === cseqOf(invite).number, "CSeq has another number than the INVITE"),
    ...claim(
      before.some((other) => isResponseTo(other, invite)),
      "comes before any response to the INVITE",
    ),
  ];
}

function inResponse(response: TracedMessage, before: readonly TracedMessage[]): string[] {
  const request = before.findLast((other) => other.direction === "sent" && other.method !== undefined && isAnswer(response, other));
  if (request === undefined) return ["answers no request of this peer"];
  const status = response.status ?? 0;
  const askedTag = tagOf(headerOf(request, "to"));
  const givenTag = tagOf(headerOf(response, "to"));
  const vias = (message: TracedMessage) => listOf(message, "via").map((via) => branchIn(via));
  return [
    ...claim(headerOf(response, "from") === headerOf(request, "from"), "From is not the request's"),
    ...claim(vias(response).join() === vias(request).join(), "Via is not the request's"),
    ...claim(status === 100 || givenTag !== undefined, "no tag in To"),
    ...claim(askedTag === undefined || askedTag === givenTag, "To has another tag than the request"),
    ...(isSuccessOfInvite(response)
      ? [
          ...claim(headerOf(response, "contact") !== "", "no Contact"),
          ...claim(
            askedTag !== undefined || listOf(response, "record-route").join() === listOf(request, "record-route").join(),
            "Record-Route is not the request's",
          ),
        ]
      : []),
  ];
}

function claim(holds: boolean, breach: string): string[] {
  return holds ? [] : [breach];
}

/** Another request of the server in the same dialog, or in the attempts that led to it. */
function isOfOurSide(other: TracedMessage, request: TracedMessage): boolean {
  return other.direction === "received" && other.method !== undefined && headerOf(other, "call-id") === headerOf(request, "call-id");
}

function isResponseTo(other: TracedMessage, request: TracedMessage): boolean {
  return other.direction === "sent" && other.status !== undefined && isAnswer(other, request);
}

function isAnswer(response: TracedMessage, request: TracedMessage): boolean {
  return (
    branchOf(response) === branchOf(request) &&
    headerOf(response, "call-id") === headerOf(request, "call-id") &&
    headerOf(response, "cseq") === headerOf(request, "cseq")
  );
}

function isSuccessOfInvite(message: TracedMessage): boolean {
  return message.status !== undefined && message.status >= 200 && message.status < 300 && cseqOf(message).method === "INVITE";
}

function cseqOf(message: TracedMessage): { readonly number: number; readonly method: string } {
  const [number = "", method = ""] = headerOf(message, "cseq").split(/\s+/);
  return { number: Number(number), method };
}

function branchOf(message: TracedMessage): string | undefined {
  return branchIn(listOf(message, "via")[0] ?? "");
}

function branchIn(via: string): string | undefined {
  return /;\s*branch=([^;,\s]+)/i.exec(via)?.[1];
}

function tagOf(address: string): string | undefined {
  return /;\s*tag=([^;,\s]+)/i.exec(address.replace(/.*>/, ""))?.[1];
}

function uriIn(request: TracedMessage): string {
  return request.startLine.split(" ")[1] ?? "";
}

function uriOf(address: string): string {
  return /<([^>]*)>/.exec(address)?.[1] ?? address.replace(/;.*/, "").trim();
}

/** The values of a header that may be given by several lines or by one with commas (§7.3.1). No test puts a comma between quotes here. */
function listOf(message: TracedMessage, name: string): readonly string[] {
  return (message.headers.get(name) ?? []).flatMap((line) => line.split(",")).map((value) => value.trim());
}
