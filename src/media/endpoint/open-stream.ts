import { frameMs } from "../codec/frame.ts";
import type { EndpointPlan, MediaEvent } from "../plan.ts";
import type { EndpointContext } from "./context.ts";
import { RtpStream } from "./stream.ts";

/** After a restart the stream goes on this far ahead of where it can have been. */
const resumeMargin = 64;

/** The stream of a new endpoint: beginning at random (RFC 3550 §5.1), or where one of before a restart must be by now. */
export function openStream(
  plan: EndpointPlan,
  clockRateHz: number,
  { clock, ids, outbox }: EndpointContext,
  emit: (event: MediaEvent) => void,
): RtpStream {
  const onPosition = () => {
    const { sequenceNumber, timestamp } = stream;
    emit({ kind: "stream", position: { sequenceNumber, timestamp, at: clock.now() } });
  };
  const { ssrc, resume, ptimeMs = frameMs } = plan;
  let stream: RtpStream;
  if (resume === undefined) {
    const drawn = ids.random(6);
    stream = new RtpStream(outbox, ssrc, Number.parseInt(drawn.slice(0, 4), 16), Number.parseInt(drawn.slice(4), 16), onPosition);
  } else {
    const elapsedMs = Math.max(0, clock.now() - resume.at);
    const sequenceNumber = (resume.sequenceNumber + Math.floor(elapsedMs / ptimeMs) + resumeMargin) & 0xffff;
    stream = new RtpStream(outbox, ssrc, sequenceNumber, (resume.timestamp + (elapsedMs * clockRateHz) / 1000) >>> 0, onPosition);
  }
  return stream;
}
