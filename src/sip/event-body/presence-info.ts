/** What a watcher of presence is told: `application/pidf+xml`, RFC 3863, with the activities of RFC 4480 that phones show. */
import { element, xmlDocument } from "./xml.ts";

export const presenceInfoType = "application/pidf+xml";

/** RFC 4480 §3.2. */
export type PresenceActivity = "on-the-phone" | "busy" | "away";

export type PresenceInfo = {
  /** URI of who is watched. */
  readonly entity: string;
  /** open: can be called (RFC 3863 §4.1.4). */
  readonly basic: "open" | "closed";
  readonly activity?: PresenceActivity | undefined;
};

const notes: Readonly<Record<PresenceActivity, string>> = { "on-the-phone": "On the phone", busy: "Busy", away: "Away" };

export function formatPresenceInfo({ entity, basic, activity }: PresenceInfo): string {
  const namespaces = {
    xmlns: "urn:ietf:params:xml:ns:pidf",
    "xmlns:dm": "urn:ietf:params:xml:ns:pidf:data-model",
    "xmlns:rpid": "urn:ietf:params:xml:ns:pidf:rpid",
    entity,
  };
  const tuple = element("tuple", { id: "phone" }, [
    element("status", {}, [element("basic", {}, [basic])]),
    element("contact", {}, [entity]),
    ...(activity === undefined ? [] : [element("note", {}, [notes[activity]])]),
  ]);
  const person = activity && element("dm:person", { id: "person" }, [element("rpid:activities", {}, [element(`rpid:${activity}`)])]);
  // The tuples come first, then elements of other namespaces (RFC 3863 §4.1).
  return xmlDocument(element("presence", namespaces, [tuple, ...(person === undefined ? [] : [person])]));
}
