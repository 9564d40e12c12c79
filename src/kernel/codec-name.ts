/**
 * The audio codecs that we encode and decode, as settings, descriptions and media name them: by encoding name (RFC 3551, RFC 7587), and where one
 * name has several of them by its clock rate in Hz too.
 */
export const codecNames = ["PCMU", "PCMA", "G722", "opus", "L16/8000", "L16/16000", "L16/48000"] as const;
export type CodecName = (typeof codecNames)[number];
