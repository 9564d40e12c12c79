export { receives, sends } from "./direction.ts";
export { formatSdp } from "./format.ts";
export {
  acceptAnswer,
  createAnswer,
  createOffer,
  type LocalMedia,
  type Negotiated,
} from "./offer-answer.ts";
export { parseSdp } from "./parse.ts";
export type { SessionDescription } from "./session-description.ts";
