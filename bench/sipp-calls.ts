import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StartedProcess } from "../test/support/child-process.ts";
import { freePort, freePortRange } from "../test/support/free-ports.ts";

export type SippLoad = {
  readonly port: number;
  /** The user part that is called. */
  readonly user: string;
  readonly calls: number;
  readonly perSecond: number;
  /** From ACK to BYE. */
  readonly holdMs: number;
};

export type SippResult = {
  readonly succeeded: number;
  readonly failed: number;
  readonly retransmissions: number;
  readonly durationMs: number;
};

/** SIPp's built-in `uac`: INVITE, 200, ACK, a pause, BYE. Ends when every call has ended or has been given up. */
export async function callWithSipp({ port, user, calls, perSecond, holdMs }: SippLoad): Promise<SippResult> {
  const folder = await mkdtemp(join(tmpdir(), "cw-bench-sipp-"));
  const statistics = join(folder, "statistics.csv");
  const numbers = {
    "-p": await freePort(),
    "-mp": await freePortRange(4),
    "-m": calls,
    "-r": perSecond,
    "-d": holdMs,
    "-l": 1_000_000,
    "-fd": 1,
  };
  const settings = {
    "-sn": "uac",
    "-s": user,
    "-i": "127.0.0.1",
    "-stf": statistics,
    "-buff_size": 4 << 20,
    "-deadcall_wait": 0,
    ...numbers,
  };
  const args = [
    `127.0.0.1:${port}`,
    ...Object.entries(settings).flatMap(([name, value]) => [name, String(value)]),
    "-trace_stat",
    "-nostdin",
  ];
  const startMs = performance.now();
  await using sipp = new StartedProcess("sipp", args, { cwd: folder, env: { ...process.env, TERM: "dumb" } });
  try {
    await sipp.waitForExit((calls / perSecond) * 1_000 + 120_000);
    const durationMs = performance.now() - startMs;
    const last = lastRow(await readFile(statistics, "utf8"));
    const count = (name: string) => Number(last.get(name) ?? Number.NaN);
    return {
      succeeded: count("SuccessfulCall(C)"),
      failed: count("FailedCall(C)"),
      retransmissions: count("Retransmissions(C)"),
      durationMs,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** SIPp separates by semicolons; "(C)" columns count from the start. */
function lastRow(text: string): ReadonlyMap<string, string> {
  const rows = text.trim().split("\n");
  const names = rows[0]?.split(";") ?? [];
  const values = rows.at(-1)?.split(";") ?? [];
  return new Map(names.map((name, index) => [name, values[index] ?? ""]));
}
