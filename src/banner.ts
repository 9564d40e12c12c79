/** What a person at a terminal sees of a start: progress, then the addresses, the credentials and three commands to paste. */
import { styleText } from "node:util";
import type { Config } from "./config/index.ts";
import { demoNumber } from "./first-run.ts";
import type { Server } from "./server.ts";

/** styleText leaves colours out when the stream is no terminal, and honours NO_COLOR and FORCE_COLOR. */
const bold = (text: string) => styleText("bold", text);
const dim = (text: string) => styleText("dim", text);
const accent = (text: string) => styleText("cyan", text);

export function progressLine(message: string): string {
  return dim(`  ${message}`);
}

export function banner(server: Server, config: Config, { version, startedInMs }: { version: string; startedInMs: number }): string {
  const { url, sipPort, demoPhone, recovered } = server;
  const sipHost = config.publicAddress ?? config.sip.host;
  const lines = [
    "",
    `${bold("Callwright")} ${version} ${dim(`ready in ${(startedInMs / 1000).toFixed(1)} s`)}`,
    "",
    `  HTTP   ${accent(url)}   ${dim(`the API is described at ${url}/docs`)}`,
    `  SIP    ${accent(sipHost.includes(":") ? `[${sipHost}]:${sipPort}` : `${sipHost}:${sipPort}`)}   ${dim("UDP and TCP")}`,
    ...(demoPhone === undefined ? [] : [`  Phone  ${accent(demoNumber)}   ${dim("the demo phone; it answers by itself")}`]),
    `  Data   ${config.dataDir}`,
    ...(recovered === 0 ? [] : ["", `  ${recovered} ${recovered === 1 ? "call goes" : "calls go"} on from before the restart`]),
    "",
    ...credentialLines(server),
    ...commandLines(server),
    dim("Ctrl-C stops the server. First steps: docs/guide/getting-started.md"),
    "",
  ];
  return lines.join("\n");
}

function credentialLines({ firstRun, firstApplication }: Server): readonly string[] {
  const people = firstRun && [
    ["administrator", firstRun.admin.email, firstRun.admin.password] as const,
    ["user", firstRun.user.email, firstRun.user.password] as const,
    ["user's SIP phone", firstRun.phone.username, firstRun.phone.password] as const,
  ];
  const programs = firstApplication && [["application", firstApplication.id, firstApplication.secret] as const];
  const rows = [...(people ?? []), ...(programs ?? [])];
  if (rows.length === 0) return [];
  const width = Math.max(...rows.map(([, name]) => name.length));
  return [
    bold("Logins, shown this once: keep them"),
    ...rows.map(([whose, name, password]) => `  ${whose.padEnd(16)}  ${name.padEnd(width)}  ${password}`),
    "",
  ];
}

/** Later starts do not know the password: curl asks for it. */
function commandLines({ url, firstRun, demoPhone, directory }: Server): readonly string[] {
  const account = directory.accounts.list()[0];
  const flow = account && directory.flows.list(account.id)[0];
  const administrator = account && directory.users.list(account.id).find(({ roles }) => roles.includes("administrator"));
  if (demoPhone === undefined || flow === undefined || administrator === undefined) return [];
  const login = firstRun === undefined ? administrator.email : `${firstRun.admin.email}:${firstRun.admin.password}`;
  const as = `curl -u ${quoted(login)}`;
  const body = JSON.stringify({ flowId: flow.id, numberToDial: demoNumber });
  return [
    bold("Try it in another terminal"),
    `  ${dim("# call the demo phone; it rings for two seconds, listens, and presses 1")}`,
    `  ${as} -i -H 'Content-Type: application/json' -d '${body}' ${url}/sessions/outgoing`,
    `  ${dim("# watch the call")}`,
    `  ${as} '${url}/v1/calls?limit=1'`,
    `  ${dim("# half a minute later: listen to what the phone heard")}`,
    `  ${as} -f -o recording.wav ${url}/v1/demo-phone/recording.wav`,
    "",
  ];
}

/** As one word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
