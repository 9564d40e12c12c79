/**
 * What a watcher of dialogs is told: `application/dialog-info+xml`, RFC 4235. "Local" is the side that is watched. A watcher has the
 * dialogs of one phone or user by their ids; each document counts one further, so that a gap shows (§4.3).
 */
import { parseParams } from "../message/params.ts";
import { element, type Xml, xmlDocument } from "./xml.ts";

export const dialogInfoType = "application/dialog-info+xml";

/** §3.7.1; `terminated` is told once. */
export type WatchedDialogState = "trying" | "proceeding" | "early" | "confirmed" | "terminated";

/** §3.7.1 and §4.1.4: how a dialog came to its end. */
export type DialogEnd = "cancelled" | "rejected" | "replaced" | "local-bye" | "remote-bye" | "error" | "timeout";

export type DialogSide = {
  /** A URI. */
  readonly identity: string;
  readonly display?: string | undefined;
  /** The URI to which requests for this dialog go. */
  readonly target?: string | undefined;
  /** False while this side is held or holds: it plays nothing of the other (`+sip.rendering`, RFC 4235 §5.1). */
  readonly isRendering?: boolean | undefined;
};

export type WatchedDialog = {
  /** Of the dialog in these documents, the same for its whole life. */
  readonly id: string;
  readonly callId?: string | undefined;
  readonly localTag?: string | undefined;
  readonly remoteTag?: string | undefined;
  /** initiator: the watched side called. */
  readonly direction: "initiator" | "recipient";
  readonly state: WatchedDialogState;
  readonly end?: DialogEnd | undefined;
  /** The status that ended it. */
  readonly code?: number | undefined;
  readonly local: DialogSide;
  readonly remote: DialogSide;
};

export type DialogInfo = {
  /** 32 bits, one more each time. */
  readonly version: number;
  /** full: whatever is missing is over. partial: only what changed. */
  readonly state: "full" | "partial";
  /** URI of who is watched. */
  readonly entity: string;
  readonly dialogs: readonly WatchedDialog[];
};

export function formatDialogInfo({ version, state, entity, dialogs }: DialogInfo): string {
  const root = { xmlns: "urn:ietf:params:xml:ns:dialog-info", version, state, entity };
  return xmlDocument(element("dialog-info", root, dialogs.map(dialogOf)));
}

/** §4.1: the attributes name the dialog as the watched side sees it. */
function dialogOf(dialog: WatchedDialog): Xml {
  const { id, callId, localTag, remoteTag, direction, state, end, code } = dialog;
  return element("dialog", { id, "call-id": callId, "local-tag": localTag, "remote-tag": remoteTag, direction }, [
    element("state", { event: end, code }, [state]),
    sideOf("local", dialog.local),
    sideOf("remote", dialog.remote),
  ]);
}

function sideOf(name: "local" | "remote", { identity, display, target, isRendering }: DialogSide): Xml {
  const rendering = isRendering === undefined ? [] : [element("param", { pname: "+sip.rendering", pvalue: isRendering ? "yes" : "no" })];
  return element(name, {}, [
    element("identity", { display }, [identity]),
    ...(target === undefined ? [] : [element("target", { uri: target }, rendering)]),
  ]);
}

/** `Event: dialog;call-id=…;to-tag=…;from-tag=…`: the one dialog that is wanted (§3.2). The tags are those of its local and its remote side. */
export type DialogFilter = { readonly callId: string; readonly localTag?: string | undefined; readonly remoteTag?: string | undefined };

/** Undefined when all dialogs are wanted. */
export function parseDialogFilter(event: string | undefined): DialogFilter | undefined {
  const [, ...rest] = (event ?? "").split(";");
  const params = parseParams(rest.join(";"));
  const callId = params.get("call-id");
  return callId === undefined || callId === "" ? undefined : { callId, localTag: params.get("to-tag"), remoteTag: params.get("from-tag") };
}

export function isWanted(filter: DialogFilter | undefined, { callId, localTag, remoteTag }: WatchedDialog): boolean {
  if (filter === undefined) return true;
  return (
    filter.callId === callId &&
    (filter.localTag === undefined || filter.localTag === localTag) &&
    (filter.remoteTag === undefined || filter.remoteTag === remoteTag)
  );
}
