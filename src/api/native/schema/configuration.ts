import { Type } from "typebox";
import { type CodecName, codecNames } from "../../../kernel/index.ts";
import { diversionHeaders, identityHeaders, redirectChoices, roles } from "../../../directory/index.ts";
import { closed, dictionaryOf, e164, id, listOf, oneOf, oneOfOrNull, orNull, shortText, time } from "./parts.ts";

const entry = { id: id(), createdAt: time(), updatedAt: time() };
const name = () => Type.String({ minLength: 1, maxLength: 200 });
const email = () => Type.String({ maxLength: 254, pattern: "^[^\\s@]+@[^\\s@]+$" });
const password = () => Type.String({ minLength: 8, maxLength: 200, format: "password" });
const rolesSchema = listOf(oneOf(roles), { maxItems: roles.length, description: "What the user may do." });
const document = Type.Unknown({ description: "The flow: nodes with named exits. Mistakes come back with their paths." });

export const flowSchema = Type.Object(
  {
    ...entry,
    name: name(),
    version: Type.Integer({ description: "Counts changes of the document; also the ETag." }),
    hash: Type.String(),
    document,
    warnings: Type.Optional(
      listOf(Type.Object({ path: Type.String(), message: Type.String() }, closed), { description: "Only in the answer to a save." }),
    ),
  },
  closed,
);
export const newFlowSchema = Type.Object({ name: name(), document }, closed);
export const flowChangeSchema = Type.Object({ name: Type.Optional(name()), document: Type.Optional(document) }, closed);

const flowOfNumber = orNull(id(), "The flow that takes calls to this number; null refuses them.");
export const numberSchema = Type.Object({ ...entry, number: e164(), flowId: flowOfNumber }, closed);
export const newNumberSchema = Type.Object({ number: e164(), flowId: Type.Optional(flowOfNumber) }, closed);
export const numberChangeSchema = Type.Object({ flowId: flowOfNumber }, closed);

export const soundName = () =>
  Type.String({ pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$", description: "Unique in the account. Flows play it as sound:<name>." });
export const soundSchema = Type.Object(
  {
    ...entry,
    name: soundName(),
    contentType: Type.String({ description: "What the bytes are, whatever the upload said." }),
    sizeBytes: Type.Integer(),
    durationMs: Type.Integer(),
    sha256: Type.String({ description: "Of the bytes, hex; also the ETag of the audio." }),
  },
  closed,
);
export const soundChangeSchema = Type.Object({ name: soundName() }, closed);

const host = Type.String({
  minLength: 1,
  maxLength: 253,
  pattern: "^[A-Za-z0-9.:_-]+$",
  description: "Host name or address of the gateway.",
});
const port = orNull(
  Type.Integer({ minimum: 1, maximum: 65_535 }),
  "null: the servers are found by the SRV records of the host (RFC 3263), and without any at 5060, by TLS at 5061.",
);
const transport = oneOfOrNull(
  ["udp", "tcp", "tls"],
  "null: as the NAPTR and SRV records of the host say, UDP when they say nothing or a port is given.",
);
const prefixes = listOf(Type.String({ maxLength: 20, pattern: "^(\\+?[0-9]*)$" }), {
  maxItems: 1_000,
  description: 'Numbers that begin with one of these go out here; the longest match wins. "" takes every number.',
});
const priority = Type.Integer({ minimum: 0, maximum: 1_000, description: "Among equal prefixes the lower value is tried first." });
const sourceAddresses = listOf(Type.String({ maxLength: 45 }), {
  maxItems: 100,
  description: "Numeric addresses from which calls of this trunk are accepted.",
});
const mediaToSource = Type.Boolean({ description: "Send media to where the signalling came from until RTP shows a better address (NAT)." });
const codecs = Type.Unsafe<readonly CodecName[] | null>({
  type: ["array", "null"],
  items: oneOf(codecNames),
  minItems: 1,
  uniqueItems: true,
  description: "The codecs that its calls may have, preferred first; null: those of CALLWRIGHT_CODECS.",
});

const policyMembers = {
  isTrusted: Type.Boolean({
    description:
      "What it asserts of callers is believed, and it learns who an anonymous caller is, with the demand to tell nobody (RFC 3325).",
  }),
  identityHeader: oneOf(identityHeaders, "How it is told who calls, beside From, when it is trusted."),
  diversionHeader: oneOf(diversionHeaders, "How it is told who passed a call on (RFC 5806, RFC 7044)."),
  redirects: oneOf(redirectChoices, "follow: contacts of its 3xx are called; pass: whoever calls is told of them."),
  keptHeaders: listOf(Type.String({ minLength: 1, maxLength: 64 }), {
    maxItems: 20,
    description: "Header fields that calls keep beside X-… and User-to-User.",
  }),
  addedHeaders: dictionaryOf(Type.String({ maxLength: 1024 }), {
    maxProperties: 20,
    description: "Header fields of every INVITE to it.",
  }),
};

export const trunkSchema = Type.Object(
  {
    ...entry,
    name: name(),
    host,
    port,
    transport,
    username: orNull(shortText()),
    hasPassword: Type.Boolean({ description: "The password itself is never shown." }),
    prefixes,
    priority,
    sourceAddresses,
    mediaToSource,
    codecs,
    policy: Type.Object(policyMembers, closed),
  },
  closed,
);
const trunkOptions = {
  port: Type.Optional(port),
  transport: Type.Optional(transport),
  username: Type.Optional(orNull(shortText())),
  password: Type.Optional(orNull(shortText())),
  prefixes: Type.Optional(prefixes),
  priority: Type.Optional(priority),
  sourceAddresses: Type.Optional(sourceAddresses),
  mediaToSource: Type.Optional(mediaToSource),
  codecs: Type.Optional(codecs),
  policy: Type.Optional(Type.Partial(Type.Object(policyMembers, closed), closed)),
};
export const newTrunkSchema = Type.Object({ name: name(), host, ...trunkOptions }, closed);
export const trunkChangeSchema = Type.Object({ name: Type.Optional(name()), host: Type.Optional(host), ...trunkOptions }, closed);

const sipUsername = () => Type.String({ minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9_.+-]+$" });
export const userSchema = Type.Object(
  { ...entry, email: email(), firstName: shortText(), lastName: shortText(), roles: rolesSchema },
  closed,
);
export const newUserSchema = Type.Object(
  {
    email: email(),
    password: password(),
    firstName: Type.Optional(shortText()),
    lastName: Type.Optional(shortText()),
    roles: rolesSchema,
    phone: Type.Optional(
      Type.Object(
        { username: sipUsername(), password: password() },
        { ...closed, description: "A SIP phone made together with the user." },
      ),
    ),
  },
  closed,
);
export const userChangeSchema = Type.Object(
  {
    email: Type.Optional(email()),
    password: Type.Optional(password()),
    firstName: Type.Optional(shortText()),
    lastName: Type.Optional(shortText()),
    roles: Type.Optional(rolesSchema),
  },
  closed,
);

export const phoneSchema = Type.Object({ ...entry, userId: id(), username: sipUsername() }, closed);
export const newPhoneSchema = Type.Object({ userId: id(), username: sipUsername(), password: password() }, closed);
export const phoneChangeSchema = Type.Object({ password: password() }, closed);

const extension = () => Type.String({ pattern: "^[0-9]{2,8}$", description: "2 to 8 digits, unique in the account.", examples: ["5001"] });
export const lineSchema = Type.Object({ ...entry, userId: id(), number: extension() }, closed);
export const newLineSchema = Type.Object({ userId: id(), number: extension() }, closed);
export const lineChangeSchema = Type.Object({ userId: Type.Optional(id()), number: Type.Optional(extension()) }, closed);

const apiKey = { ...entry, userId: id(), name: name(), keyPrefix: Type.String({ description: "The first characters of the key." }) };
export const apiKeySchema = Type.Object(apiKey, closed);
export const createdApiKeySchema = Type.Object({ ...apiKey, key: Type.String({ description: "Shown this once." }) }, closed);
export const newApiKeySchema = Type.Object(
  { name: name(), userId: Type.Optional(id("Whose roles the key has; yours when left out.")) },
  closed,
);

export const newLoginSchema = Type.Object(
  { email: Type.String({ maxLength: 254 }), password: Type.String({ maxLength: 200 }), permanent: Type.Optional(Type.Boolean()) },
  closed,
);
