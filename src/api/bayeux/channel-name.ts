/**
 * Channel names and patterns (Bayeux 1.0 §2.2).
 *
 *     /a/b    a channel              /a/*    every channel one segment below /a
 *                                    /a/**   every channel below /a, at any depth
 */
const segment = "[A-Za-z0-9\\-_!~()$@]+";
const name = new RegExp(`^(?:/${segment})+$`);
const pattern = new RegExp(`^(?:/${segment})*/(?:${segment}|\\*\\*?)$`);
const longestName = 256;

export function isChannelName(text: string): boolean {
  return text.length <= longestName && name.test(text);
}

/** A channel name, or a pattern with its wildcard at the end. */
export function isChannelPattern(text: string): boolean {
  return text.length <= longestName && pattern.test(text);
}

/** Reserved for the protocol itself (§2.2.2). */
export function isMeta(channel: string): boolean {
  return channel === "/meta" || channel.startsWith("/meta/");
}

/** For requests between one client and the server; subscriptions to it are not recorded (§2.2.3). */
export function isService(channel: string): boolean {
  return channel === "/service" || channel.startsWith("/service/");
}

/** Everything one can subscribe to so as to receive messages of `channel`. */
export function patternsMatching(channel: string): readonly string[] {
  const parent = channel.slice(0, channel.lastIndexOf("/"));
  const patterns = [channel, `${parent}/*`];
  for (let end = parent.length; end >= 0; end = channel.lastIndexOf("/", end - 1)) {
    patterns.push(`${channel.slice(0, end)}/**`);
    if (end === 0) break;
  }
  return patterns;
}
