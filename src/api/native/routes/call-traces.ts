import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { formatLadder, formatPcap } from "../../../sip/index.ts";
import type { CallTraceView } from "../../contract/traces.ts";
import { principalOf } from "../../http/authorisation.ts";
import type { NativeContext, NativeScope } from "../options.ts";
import { closed, component, idParams } from "../schema/parts.ts";
import { viewOfTrace } from "../trace-view.ts";
import { callMakers, visibleCall } from "../visible-call.ts";

/** Not for whoever only is in the call: its messages name callers who wish to be anonymous (RFC 3325 §7). */
const config = { access: callMakers };
const tags = ["Calls"];
const answersTrace = { 200: component<CallTraceView>("CallTrace") };
const pcapType = "application/vnd.tcpdump.pcap";

export function registerCallTraces(scope: NativeScope, { views, traces }: NativeContext): void {
  const callOf = (request: FastifyRequest<{ Params: { id: string } }>) => visibleCall(views, principalOf(request), request.params.id);

  scope.get(
    "/calls/:id/trace",
    {
      config,
      schema: {
        tags,
        summary: "Show what a call said over SIP",
        description: "While the call goes on, and after it for as long as the memory reaches back or the trace is kept.",
        params: idParams,
        response: answersTrace,
      },
    },
    async (request) => {
      const call = await callOf(request);
      return viewOfTrace(call, await traces.of(call));
    },
  );

  scope.post(
    "/calls/:id/trace",
    {
      config,
      schema: {
        tags,
        summary: "Keep what a call said over SIP",
        description: "What there is now is kept at once; of a call that goes on, the rest when it has ended.",
        params: idParams,
        body: Type.Object({}, closed),
        response: answersTrace,
      },
    },
    async (request) => {
      const call = await callOf(request);
      return viewOfTrace(call, await traces.keep(call));
    },
  );

  scope.get(
    "/calls/:id/trace.txt",
    {
      config,
      schema: {
        tags,
        summary: "Show a call's SIP messages as a ladder",
        description: "Plain text: a column for each peer, an arrow for each message, then the messages.",
        params: idParams,
        produces: ["text/plain"],
      },
    },
    async (request, reply) => {
      const call = await callOf(request);
      const { messages } = await traces.of(call);
      return reply.type("text/plain; charset=us-ascii").send(formatLadder(`call ${call.id}: ${call.from} to ${call.to}`, messages));
    },
  );

  scope.get(
    "/calls/:id/trace.pcap",
    {
      config,
      schema: {
        tags,
        summary: "Show a call's SIP messages as a capture file",
        description: "For Wireshark and sngrep; every message is a UDP datagram in it, whatever carried it.",
        params: idParams,
        produces: [pcapType],
      },
    },
    async (request, reply) => {
      const call = await callOf(request);
      const { messages } = await traces.of(call);
      return reply.type(pcapType).header("content-disposition", `attachment; filename="${call.id}.pcap"`).send(formatPcap(messages));
    },
  );
}
