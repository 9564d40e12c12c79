import { Readable } from "node:stream";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { directoryRefusal, type Sound } from "../../../directory/index.ts";
import type { SoundView } from "../../contract/configuration.ts";
import { principalOf } from "../../http/authorisation.ts";
import { apiRefusal } from "../../http/errors.ts";
import { openFile, sendRange } from "../../http/file-range.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { entryOf, listRows, rowOf } from "../rows.ts";
import { soundChangeSchema, soundName } from "../schema/configuration.ts";
import { closed, component, idParams, pageOf, pageQuery } from "../schema/parts.ts";

const config = { access: ["administrator", "manager"] } as const;
const tags = ["Sounds"];
const answersSound = { 200: component<SoundView>("Sound") };
const bytes = Type.Unsafe<unknown>({ type: "string", format: "binary" });

export function registerSounds(scope: NativeScope, context: NativeContext): void {
  registerUpload(scope, context);
  const { directory, clock, sounds: shelf } = context;
  const { sounds } = directory;

  scope.get(
    "/sounds",
    {
      config,
      schema: { tags, summary: "List sounds", querystring: Type.Object(pageQuery, closed), response: { 200: pageOf<SoundView>("Sound") } },
    },
    async (request) => listRows(sounds, principalOf(request).accountId, request.query, viewOf),
  );

  scope.get(
    "/sounds/:id",
    { config, schema: { tags, summary: "Show a sound", params: idParams, response: answersSound } },
    async (request) => viewOf(rowOf(sounds, principalOf(request).accountId, request.params.id)),
  );

  scope.get(
    "/sounds/:id/audio",
    {
      config,
      schema: {
        tags,
        summary: "Hear a sound",
        description: "Its bytes as they were uploaded, whole or a range of them (RFC 9110 §14).",
        params: idParams,
        produces: ["audio/*"],
      },
    },
    async (request, reply) => {
      const { id, contentType, sha256 } = rowOf(sounds, principalOf(request).accountId, request.params.id);
      const file = await openFile(shelf.pathOf(id)).catch((cause: unknown) => {
        throw apiRefusal("API_RESOURCE_UNKNOWN", {}, { cause });
      });
      return sendRange(request, reply, file, { contentType, etag: `"${sha256}"` });
    },
  );

  scope.patch(
    "/sounds/:id",
    {
      config,
      schema: { tags, summary: "Change the name of a sound", params: idParams, body: soundChangeSchema, response: answersSound },
    },
    async (request) => {
      const sound = rowOf(sounds, principalOf(request).accountId, request.params.id);
      const changed = { ...sound, name: request.body.name, updatedAt: clock.now() };
      await sounds.update(changed);
      return viewOf(changed);
    },
  );

  scope.delete(
    "/sounds/:id",
    {
      config,
      schema: {
        tags,
        summary: "Remove a sound",
        description: "Flows that play it then leave by their exit for errors.",
        params: idParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      if (!(await sounds.remove(principalOf(request).accountId, id))) throw apiRefusal("API_RESOURCE_UNKNOWN");
      await shelf.remove(id);
      return reply.code(204).send(null);
    },
  );
}

/** In a scope of its own: nothing else takes bytes for a body. */
function registerUpload(parent: NativeScope, { directory, clock, ids, sounds: shelf }: NativeContext): void {
  void parent.register(async (plain) => {
    const scope: NativeScope = plain.withTypeProvider();
    scope.addContentTypeParser(/^(audio\/|application\/(octet-stream|ogg)$)/, (_request, payload, done) => done(null, payload));
    scope.post(
      "/sounds",
      {
        config,
        schema: {
          tags,
          summary: "Upload a sound",
          description:
            "The body is the file: WAV, AU, MP3 or Ogg Opus, told by its bytes. What cannot be played is refused (422), and what is too large or too long (413).",
          querystring: Type.Object({ name: soundName() }, closed),
          body: { content: { "audio/*": { schema: bytes } } },
          response: { 201: component<SoundView>("Sound") },
        },
      },
      async (request, reply) => {
        const { accountId } = principalOf(request);
        const { name } = request.query;
        if (directory.sounds.byName(accountId, name) !== undefined) throw directoryRefusal("DIRECTORY_DUPLICATE", { field: "name" });
        const id = ids.next();
        // A refusal leaves the rest of the body unread: the connection is of no more use.
        reply.header("connection", "close");
        const facts = await shelf.add(id, contentOf(request));
        const now = clock.now();
        const sound: Sound = { id, accountId, createdAt: now, updatedAt: now, name, ...facts };
        try {
          await directory.sounds.insert(sound);
        } catch (cause) {
          await shelf.remove(id);
          throw cause;
        }
        reply.removeHeader("connection");
        return reply.code(201).header("location", `/v1/sounds/${id}`).send(viewOf(sound));
      },
    );
  });
}

/** The body as it comes. A refusal in the middle leaves the request whole: its answer and its line in the log need it. */
async function* contentOf({ body }: FastifyRequest): AsyncGenerator<Uint8Array> {
  if (!(body instanceof Readable)) throw apiRefusal("API_MEDIA_TYPE_UNSUPPORTED");
  try {
    for await (const part of body.iterator({ destroyOnReturn: false })) if (part instanceof Uint8Array) yield part;
  } catch (cause) {
    throw apiRefusal("API_BODY_MALFORMED", {}, { cause });
  }
}

function viewOf(sound: Sound): SoundView {
  const { name, contentType, sizeBytes, durationMs, sha256 } = sound;
  return { ...entryOf(sound), name, contentType, sizeBytes, durationMs, sha256 };
}
