import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { refusal } from "../errors.ts";
import { openSoundShelf } from "./sound-shelf.ts";

async function* parts(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("RI");
  throw new Error("the peer went away");
}

async function examine(path: string) {
  if ((await readFile(path, "utf8")) !== "RIFF") throw refusal("PROMPT_UNREADABLE");
  return { what: "WAV", contentType: "audio/wav", durationMs: 7 };
}

function open(directory: string, owned: readonly string[] = []) {
  return openSoundShelf({ directory, maxBytes: 4, library: { examine }, isOwned: (id) => owned.includes(id) });
}

test("a sound is taken as it comes, and is gone when it is removed", async () => {
  using directory = temporaryDirectory();
  const shelf = await open(directory.path);
  expect(await shelf.add("a", parts("RI", "FF"))).toEqual({
    contentType: "audio/wav",
    durationMs: 7,
    sizeBytes: 4,
    sha256: "a40ff3d5900fb7698b8c865041347cb49eccedc8f93945f89629ad104aaecce4",
  });
  expect(await readFile(shelf.pathOf("a"), "utf8")).toBe("RIFF");
  await shelf.remove("a");
  expect(await readdir(directory.path)).toEqual([]);
});

test.each<[string, () => AsyncIterable<Uint8Array>, object]>([
  ["too large", () => parts("RIF", "FX"), { code: "PROMPT_TOO_LARGE" }],
  ["no sound", () => parts("hi"), { code: "PROMPT_UNREADABLE" }],
  ["cut off", broken, { message: "the peer went away" }],
])("nothing is left of what is %s", async (_what, content, refused) => {
  using directory = temporaryDirectory();
  const shelf = await open(directory.path);
  await expect(shelf.add("a", content())).rejects.toMatchObject(refused);
  expect(await readdir(directory.path)).toEqual([]);
});

test("what a crash left without an owner is removed", async () => {
  using directory = temporaryDirectory();
  for (const name of ["a", "b", "c.part"]) await writeFile(join(directory.path, name), "RIFF");
  await open(directory.path, ["a"]);
  expect(await readdir(directory.path)).toEqual(["a"]);
});
