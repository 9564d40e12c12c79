import { createHash } from "node:crypto";
import { Type } from "typebox";
import type { CallCommand } from "../../../calls/index.ts";
import { recordingRefusal, type StoredRecording } from "../../../recordings/index.ts";
import type { NewRecording, RecordingView } from "../../contract/recordings.ts";
import { principalOf } from "../../http/authorisation.ts";
import { apiRefusal } from "../../http/errors.ts";
import { sendRange } from "../../http/file-range.ts";
import { formatCursor, pageLimit, parseCursor } from "../../http/paging.ts";
import { hasRole, type Principal } from "../../http/principal.ts";
import { commandIdOf, repeatable } from "../command-id.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { viewOfRecording, viewOfRunning } from "../recording-view.ts";
import { closed, component, id, idParams, pageOf, pageQuery } from "../schema/parts.ts";
import { newRecordingSchema } from "../schema/recordings.ts";
import { timeOf } from "../time.ts";
import { callMakers, visibleCall } from "../visible-call.ts";

const tags = ["Recordings"];
const everyone = { access: ["administrator", "manager", "user"] } as const;
const answersRecording = { 200: component<RecordingView>("Recording") };
const usualMaxMs = 4 * 3_600_000;
/** Live calls of one user that a list looks into. */
const mostLiveCalls = 200;

const filterQuery = Type.Object(
  {
    ...pageQuery,
    callId: Type.Optional(id("Recordings of this call.")),
    startedFrom: Type.Optional(Type.String({ format: "date-time", description: "Not before this time." })),
    startedBefore: Type.Optional(Type.String({ format: "date-time", description: "Before this time." })),
  },
  closed,
);

const runningParams = Type.Object({ id: id("The call."), recordingId: id() }, closed);

const changes = [
  ["stop", "Stop a recording", "Its file is made then; the state goes from finishing to ready."],
  ["pause", "Pause a recording", "Time goes on in it, and nobody is heard."],
  ["resume", "Go on with a recording", "Undoes a pause."],
] as const;

export function registerRecordings(scope: NativeScope, context: NativeContext): void {
  const { calls, views, recordings, ids } = context;

  scope.post(
    "/calls/:id/recordings",
    {
      config: everyone,
      schema: {
        tags,
        summary: "Record a call",
        description: "Answers when that is durable. A call may have eight recordings at a time, which know nothing of each other.",
        headers: repeatable,
        params: idParams,
        body: newRecordingSchema,
        response: { 201: component<RecordingView>("Recording") },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const call = await visibleCall(views, principal, request.params.id);
      const commandId = commandIdOf(request);
      const recordingId = commandId === undefined ? ids.next() : repeatedId(call.id, commandId);
      const order = { kind: "start-recording", by: principal.userId, recordingId, ...orderOf(request.body) } as const;
      const after = await calls.send(principal.accountId, call.id, order, commandId);
      const view = viewOfRunning(after, recordingId) ?? (await stored(principal, recordingId));
      return reply.code(201).header("location", `/v1/recordings/${recordingId}`).send(view);
    },
  );

  for (const [change, summary, description] of changes) {
    scope.post(
      `/calls/:id/recordings/:recordingId/${change}`,
      {
        config: everyone,
        schema: { tags, summary, description, headers: repeatable, params: runningParams, body: emptyBody, response: answersRecording },
      },
      async (request) => {
        const principal = principalOf(request);
        const { id: callId, recordingId } = request.params;
        const call = await visibleCall(views, principal, callId);
        const command: CallCommand = { kind: `${change}-recording`, by: principal.userId, recordingId };
        const after = await calls.send(principal.accountId, call.id, command, commandIdOf(request));
        const view = viewOfRunning(after, recordingId);
        if (view !== undefined) return view;
        const before = viewOfRunning(call, recordingId);
        if (before === undefined || change !== "stop") return await stored(principal, recordingId);
        return { ...before, state: "finishing" as const, endedAt: timeOf(after.changedAt), endReason: "stopped" };
      },
    );
  }

  scope.get(
    "/recordings",
    {
      config: everyone,
      schema: {
        tags,
        summary: "List recordings, newest first",
        querystring: filterQuery,
        response: { 200: pageOf<RecordingView>("Recording") },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { limit = pageLimit.usual, cursor, callId, startedFrom, startedBefore } = request.query;
      const filter = {
        callId,
        startedFrom: startedFrom === undefined ? undefined : Date.parse(startedFrom),
        startedBefore: startedBefore === undefined ? undefined : Date.parse(startedBefore),
        ...(await ownOnly(principal)),
      };
      const { items, more } = await recordings.list(principal.accountId, filter, {
        limit,
        before: cursor === undefined ? undefined : markOf(cursor),
      });
      const last = items.at(-1);
      return {
        items: items.map(viewOfRecording),
        nextCursor: more && last !== undefined ? formatCursor(`${last.startedAt} ${last.id}`) : null,
      };
    },
  );

  scope.get(
    "/recordings/:id",
    { config: everyone, schema: { tags, summary: "Show a recording", params: idParams, response: answersRecording } },
    async (request) => viewOfRecording(await visible(principalOf(request), request.params.id)),
  );

  scope.get(
    "/recordings/:id/audio",
    {
      config: everyone,
      schema: {
        tags,
        summary: "Hear a recording",
        description:
          "WAV or MP3, whole or in ranges (RFC 9110 §14). One that still goes on is WAV, as long as it is now; after a crash in the middle, its first part.",
        params: idParams,
        produces: ["audio/wav", "audio/mpeg"],
      },
    },
    async (request, reply) => {
      const { audio, recording } = await recordings.audio(await visible(principalOf(request), request.params.id));
      const ending = recording.file?.endsWith(".mp3") === true ? "mp3" : "wav";
      reply.header("content-disposition", `inline; filename="${recording.id}.${ending}"`);
      const etag = `"${recording.sha256 ?? `${recording.id}-${audio.sizeBytes}`}"`;
      return await sendRange(request, reply, audio, { contentType: ending === "mp3" ? "audio/mpeg" : "audio/wav", etag });
    },
  );

  scope.delete(
    "/recordings/:id",
    {
      config: { access: callMakers },
      schema: { tags, summary: "Delete a recording", params: idParams, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      await recordings.delete(await visible(principalOf(request), request.params.id));
      return reply.code(204).send(null);
    },
  );

  /** A role that sees only its own calls hears no others. Throws RECORDING_NOT_FOUND. */
  async function visible(principal: Principal, recordingId: string): Promise<StoredRecording> {
    const recording = await recordings.get(principal.accountId, recordingId);
    if (recording !== undefined && (hasRole(principal, ...callMakers) || (await isOwn(principal, recording.callId)))) return recording;
    throw recordingRefusal("RECORDING_NOT_FOUND", { recordingId });
  }

  async function isOwn({ accountId, userId }: Principal, callId: string): Promise<boolean> {
    const { items } = await views.list(accountId, { ids: [callId], userId }, { limit: 1 });
    return items.length > 0;
  }

  async function stored(principal: Principal, recordingId: string): Promise<RecordingView> {
    return viewOfRecording(await visible(principal, recordingId));
  }

  async function ownOnly(principal: Principal) {
    if (hasRole(principal, ...callMakers)) return {};
    const { userId } = principal;
    const { items } = await views.list(principal.accountId, { userId, live: true }, { limit: mostLiveCalls });
    return { userId, liveCallIds: items.map((call) => call.id) };
  }
}

const emptyBody = Type.Object({}, closed);

/** Throws API_MEMBER_INVALID. */
function orderOf({ partyId, hears = "both", channels = hears === "both" ? 2 : 1, format, maxMs = usualMaxMs, beep }: NewRecording) {
  if (hears === "peer" && channels === 2) {
    const message = 'may be 2 only when hears is "both"';
    throw apiRefusal("API_MEMBER_INVALID", { errors: [{ path: "channels", message }] });
  }
  return {
    hears,
    maxMs,
    ...(partyId !== undefined && { partyId }),
    ...(channels === 2 && { channels }),
    ...(format === "mp3" && { format }),
    ...(beep === true && { beep }),
  };
}

/** The same for the same command, and an id like any other: its time is the call's. */
function repeatedId(callId: string, commandId: string): string {
  return callId.slice(0, 12) + createHash("sha256").update(`${callId} ${commandId}`).digest("hex").slice(0, 12);
}

function markOf(cursor: string): { readonly startedAt: number; readonly id: string } {
  const [startedAt = "", recordingId = ""] = parseCursor(cursor).split(" ");
  return { startedAt: Number.parseInt(startedAt, 10) || 0, id: recordingId };
}
