/** Phones that watch others, and what they know of them by what they were told. */
import { authorize } from "../../src/sip/index.ts";
import type { Body } from "../../src/sip/message/builder.ts";
import type { SubscriptionState } from "../../src/sip/subscription/subscription-state.ts";
import type { Subscriber } from "../../src/sip/subscription/subscriber.ts";
import { textOf, type UserAgent } from "../support/sip-ends.ts";
import { readXml, type XmlElement } from "../support/xml-reader.ts";
import type { Office } from "./agents.ts";
import { houseAddress } from "./scene.ts";

const house = { protocol: "udp", address: houseAddress, port: 5060 } as const;

export type Told = { readonly atMs: number; readonly state: SubscriptionState; readonly text: string };

export type Watch = {
  readonly subscriber: Subscriber;
  readonly told: readonly Told[];
  /** How it ended. */
  readonly over: readonly unknown[];
};

export type WatchOptions = {
  readonly event?: string;
  readonly expiresS?: number;
  readonly accept?: string;
  readonly username?: string;
  readonly password?: string;
};

let watches = 0;

/** This user agent, signed in as `username`, subscribes to `event` of `whom`. */
export function watch(at: Pick<Office, "clock">, agent: UserAgent, whom: string, options: WatchOptions = {}): Watch {
  const { event = "dialog", expiresS = 3600, accept, username = "cleo", password = `${username}-password` } = options;
  const told: Told[] = [];
  const over: unknown[] = [];
  const id = `watch-${++watches}`;
  const uri = `sip:${whom}@${houseAddress}`;
  let count = 0;
  const subscriber = agent.stack.subscriptions.subscribe(
    {
      event: { package: event },
      expiresS,
      requestUri: uri,
      from: `<sip:${username}@${houseAddress}>`,
      to: `<${uri}>`,
      callId: id,
      localTag: `tag-${id}`,
      branch: `z9hG4bK-${id}`,
      contact: agent.stack.contactUri(username, house),
      destination: house,
      ...(accept !== undefined && { accept }),
    },
    {
      notified: (body: Body | undefined, state) => void told.push({ atMs: at.clock.now(), state, text: textOf(body) }),
      over: (why) => void over.push(why),
    },
    (challenge, { method }) => authorize(challenge, { username, secret: { password }, method, uri, cnonce: "c", count: ++count }),
  );
  return { subscriber, told, over };
}

export type KnownDialog = { readonly id: string; readonly state: string } & Readonly<Record<string, string | undefined>>;

/** What a watcher of dialogs knows after these documents. Throws when a partial one is missing (RFC 4235 §4.3). */
export function dialogsKnown({ told }: Pick<Watch, "told">): readonly KnownDialog[] {
  const known = new Map<string, KnownDialog>();
  let version = -1;
  for (const { text } of told) {
    const { attributes, children } = readXml(text);
    const next = Number(attributes["version"]);
    if (next <= version) continue;
    if (attributes["state"] === "full") known.clear();
    else if (next !== version + 1) throw new Error(`version ${next} after ${version}`);
    version = next;
    for (const dialog of children.map(dialogOf)) {
      if (dialog.state === "terminated") known.delete(dialog.id);
      else known.set(dialog.id, dialog);
    }
  }
  return [...known.values()];
}

/** The dialogs of one document. */
export function dialogsIn(text: string): readonly KnownDialog[] {
  return readXml(text).children.map(dialogOf);
}

function targetOf(side: XmlElement | undefined): XmlElement | undefined {
  return side?.children.find(({ name }) => name === "target");
}

function dialogOf({ attributes, children }: XmlElement): KnownDialog {
  const [state, local, remote] = children;
  return {
    id: attributes["id"] ?? "",
    state: state?.text ?? "",
    direction: attributes["direction"],
    callId: attributes["call-id"],
    localTag: attributes["local-tag"],
    remoteTag: attributes["remote-tag"],
    end: state?.attributes["event"],
    code: state?.attributes["code"],
    local: local?.children[0]?.text,
    remote: remote?.children[0]?.text,
    remoteName: remote?.children[0]?.attributes["display"],
    target: targetOf(remote)?.attributes["uri"],
    rendering: targetOf(local)?.children[0]?.attributes["pvalue"],
  };
}
