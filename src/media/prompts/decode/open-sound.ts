import { type Parsed, unparsed } from "../../../kernel/index.ts";
import { openAu } from "./au.ts";
import type { ByteSource } from "./byte-source.ts";
import { openMp3 } from "./mp3.ts";
import { openOggOpus } from "./ogg-opus.ts";
import type { SoundReader } from "./sound-reader.ts";
import { openWav } from "./wav.ts";

const headBytes = 64;

/** What a file begins with, and what it then is, when it cannot be played. */
const others: readonly (readonly [RegExp, string])[] = [
  [/^OggS.*(vorbis|FLAC|Speex)/s, "an Ogg file of another codec than Opus"],
  [/^OggS/, "an Ogg file without Opus at its begin"],
  [/^fLaC/, "a FLAC file"],
  [/^....ftyp/s, "an MP4 or M4A file"],
  [/^#!AMR/, "an AMR file"],
  [/^FORM....AIF/s, "an AIFF file"],
  [/^.E\xdf\xa3/s, "a WebM or Matroska file"],
  [/^\x30\x26\xb2\x75/, "a Windows Media file"],
  [/^\xff[\xf0\xf1\xf8\xf9]/, "an AAC file"],
  [/^MThd/, "a MIDI file"],
  [/^RIFF....(?!WAVE)/s, "a RIFF file that is not WAVE"],
  [/^\s*(<|\{)/, "text, not sound"],
];

/** Opens a file of sound as what its first bytes say that it is. No bytes make it throw. */
export async function openSound(source: ByteSource): Promise<Parsed<SoundReader>> {
  if (source.sizeBytes === 0) return unparsed("the file is empty");
  const head = Buffer.from(await source.read(0, headBytes)).toString("latin1");
  if (/^(RIFF|RF64)....WAVE/s.test(head)) return openWav(source);
  if (head.startsWith("OggS") && head.includes("OpusHead")) return openOggOpus(source);
  if (head.startsWith(".snd")) return openAu(source);
  const other = others.find(([pattern]) => pattern.test(head));
  if (other !== undefined) return unparsed(other[1]);
  // Last, for its frames may lie behind anything.
  const mp3 = await openMp3(source);
  return mp3.ok ? mp3 : unparsed("no kind of sound that is known here");
}
