import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { StartedProcess } from "../support/child-process.ts";
import { type Credentials, ServerProcess } from "../support/server-process.ts";
import { eventually } from "../support/waiting.ts";

// Whatever a reader may paste is run here as it stands: the commands of the banner, and each sh block of the README and the guides, in
// the order of the document. A failing HTTP status is a failing command (.curlrc below).

const root = join(import.meta.dirname, "../..");
const documents = ["README.md", ...readdirSync(join(root, "docs/guide")).map((name) => `docs/guide/${name}`)];

/** Commands that are not run, by how they begin, and why. */
const skipped: readonly (readonly [string, string])[] = [
  ["npm start", "process.interop.test.ts starts the server by it"],
  ["npm test", "it is what runs this test"],
  ["CALLWRIGHT_DATA_DIR=/tmp/second ", "ports of this machine may be taken; process.interop.test.ts runs two servers side by side"],
  ["CALLWRIGHT_SIP_HOST=0.0.0.0 ", "tests keep to the loopback"],
  ["npm install cometd ", "the packages of this checkout are used"],
];

/** What a reader waits for before a command that has this in it: the newest call is in a state. */
const waits: readonly (readonly [string, string])[] = [
  ['"callState": "Hold"', '"state":"answered"'],
  ["/recording.wav", '"answeredAt":"'],
  ["/recordings \\\n  -d", '"state":"answered"'],
  ['"operationName": "Hold"', '"role":"callee"[^}]*"state":"active"'],
];

/** The commands as a reader pastes them one after another into one shell: with the printed address and login, and Ctrl-C for what does not end. */
function asPasted(commands: readonly string[], server: ServerProcess): string {
  const steps = commands.flatMap((command) => {
    const wait = waits.find(([part]) => command.includes(part));
    const seen = wait && `until curl -u "$LOGIN" '${server.url}/v1/calls?limit=1' | grep -q '${wait[1]}'; do sleep 0.1; done`;
    const pasted = command
      .replaceAll("http://127.0.0.1:8080", server.url)
      .replaceAll("admin@callwright.local:PASSWORD", loginOf(server.admin))
      .replaceAll("user@callwright.local:PASSWORD", loginOf(server.user))
      .replaceAll("APPLICATION:SECRET", `${server.application.id}:${server.application.secret}`)
      .replace(/^curl .* -N .*\/v1\/events$/, (follow) => `timeout 2 ${follow} || test $? = 124`);
    return seen === undefined ? [pasted] : [seen, pasted];
  });
  return steps.join("\n");
}

function loginOf({ email, password }: Credentials): string {
  return `${email}:${password}`;
}

/** Runs commands in a shell of their own, in an empty folder with the packages of this checkout; `look` sees it afterwards. Fails with the first that fails, in a pipe too. */
async function paste(commands: readonly string[], server: ServerProcess, look?: (folder: string) => void): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pasted-"));
  try {
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    await writeFile(join(folder, ".curlrc"), "silent\nshow-error\nfail\nmax-time = 20\n");
    const script = `trap 'echo "failed: $BASH_COMMAND" >&2' ERR\n${asPasted(commands, server)}`;
    const env = { PATH: process.env["PATH"], HOME: folder, CURL_HOME: folder, LOGIN: loginOf(server.admin) };
    await using shell = new StartedProcess("bash", ["--norc", "-Eeuo", "pipefail", "-c", script], { cwd: folder, env });
    const { code } = await shell.waitForExit(60_000);
    if (code !== 0) throw new Error(shell.output);
    look?.(folder);
    return shell.output;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The fenced blocks of a language in a document. */
function blocks(document: string, language: string): readonly string[] {
  const fences = read(document).matchAll(/^```(\w*)\n([^]*?)^```$/gm);
  return [...fences].flatMap(([, named, content = ""]) => (named === language ? [content.trim()] : []));
}

test("the three commands of the banner", async () => {
  await using server = await ServerProcess.start();
  await eventually("the end of the banner", () => server.output.includes("Ctrl-C"));
  const lines = stripVTControlCharacters(server.output).split("\n");
  const [call = "", watch = "", listen = "", ...more] = lines.filter((line) => line.startsWith("  curl "));
  expect(more).toEqual([]);
  expect(await paste([call], server)).toMatch(/^HTTP\/1.1 204 [^]*\nlocation: \/sessions\/\w+/);
  expect(await paste([watch], server)).toContain('"to":"+12025550100"');
  await paste([listen], server, (folder) => {
    expect(readFileSync(join(folder, "recording.wav")).subarray(0, 4).toString()).toBe("RIFF");
  });
});

test.for(documents)("the commands of %s", async (document) => {
  const commands = blocks(document, "sh").filter((command) => !skipped.some(([start]) => command.startsWith(start)));
  if (commands.length === 0) return;
  await using server = await ServerProcess.start();
  await paste(commands, server);
});

test("what is skipped is still documented", () => {
  const commands = documents.flatMap((document) => blocks(document, "sh"));
  for (const [start] of skipped)
    expect(
      commands.some((command) => command.startsWith(start)),
      start,
    ).toBe(true);
});

test("the flows and nodes of the guide are accepted", async () => {
  const examples = blocks("docs/guide/flows.md", "json").map((text) => JSON.parse(text) as Example);
  await using server = await ServerProcess.start();
  for (const example of examples) await server.succeed("POST", "/v1/flows", { name: "Example", document: documentOf(example) });
  const verbs = examples.flatMap((example) => example.verb ?? []);
  expect(verbs.toSorted()).toEqual(verbsOfGuide());
});

test("links between documents lead to files and headings that are there", () => {
  const all = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((name) => join("docs", name));
  const pages = [...all, ...readdirSync(root)].filter((name) => name.endsWith(".md"));
  const broken = pages.flatMap((page) =>
    [...read(page).matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g)].flatMap(([link, file = "", heading = ""]) => {
      const target = file === "" ? page : join(dirname(page), file);
      return existsSync(join(root, target)) && (heading === "" || headingsOf(target).includes(heading)) ? [] : `${page} ${link}`;
    }),
  );
  expect(broken).toEqual([]);
});

/** As GitHub names them. */
function headingsOf(page: string): readonly string[] {
  const headings = [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

function read(page: string): string {
  return readFileSync(join(root, page), "utf8");
}

type Example = { readonly verb?: string; readonly exits?: Readonly<Record<string, string>> };

/** A node alone becomes a flow in which all its exits lead to an end. */
function documentOf(example: Example): unknown {
  if (example.verb === undefined) return example;
  const ends = Object.values(example.exits ?? {}).map((name) => [name, { verb: "hang-up" }]);
  return { start: "example", nodes: { ...Object.fromEntries(ends), example } };
}

/** One file for each verb in src/flows/verb. */
function verbsOfGuide(): readonly string[] {
  return readdirSync(join(root, "src/flows/verb"))
    .filter((name) => !name.includes(".test."))
    .map((name) => name.replace(/\.ts$/, ""))
    .toSorted();
}
