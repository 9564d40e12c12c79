import { readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { temporaryDirectory } from "../../../test/support/temporary-directory.ts";
import { eventually } from "../../../test/support/waiting.ts";
import { silentLogger } from "../../kernel/index.ts";
import { KeptTraces } from "./kept-traces.ts";
import type { LegMessage } from "./leg-messages.ts";

const day = 24 * 3_600_000;
const now = Date.UTC(2026, 10, 20, 12);
const call = { id: "0123456789abcdef01234567", accountId: "a".repeat(24), createdAt: now };
const end = { address: "192.0.2.1", port: 5060 };
const message: LegMessage = {
  order: 1,
  at: now,
  direction: "sent",
  protocol: "udp",
  local: end,
  remote: end,
  callId: "c",
  legId: "l",
  bytes: Buffer.from([0, 255, 65]),
};

function open(path: string, clock = new VirtualClock(now)): { kept: KeptTraces; clock: VirtualClock } {
  return { clock, kept: new KeptTraces({ directory: path, keepDays: 7, clock, logger: silentLogger }) };
}

test("reads back what it wrote, for its owner alone", async () => {
  using directory = temporaryDirectory();
  const { kept } = open(join(directory.path, "traces"));
  expect(await kept.read(call)).toEqual([]);
  await kept.write(call, [message]);
  await kept.write(call, [message, { ...message, order: 2 }]);
  expect(await kept.read(call)).toEqual([message, { ...message, order: 2 }]);
  const folder = join(directory.path, "traces", "2026-11-20", call.accountId);
  expect(readdirSync(folder)).toEqual([`${call.id}.json.gz`]);
  expect(statSync(join(folder, `${call.id}.json.gz`)).mode & 0o777).toBe(0o600);
  expect(await kept.read({ ...call, accountId: "b".repeat(24) })).toEqual([]);
  writeFileSync(join(folder, `${call.id}.json.gz`), "damaged");
  expect(await kept.read(call)).toEqual([]);
  await kept.close();
});

test("wishes outlive the process", async () => {
  using directory = temporaryDirectory();
  const { kept } = open(directory.path);
  expect(await kept.asked()).toEqual([]);
  await kept.ask(call, true);
  await kept.close();
  const later = open(directory.path).kept;
  expect(await later.asked()).toEqual([call.id]);
  await later.ask(call, false);
  expect(await later.asked()).toEqual([]);
  await later.close();
});

test("removes days and wishes that are too old, at the start and every hour", async () => {
  using directory = temporaryDirectory();
  const { kept, clock } = open(directory.path);
  for (const age of [9, 8, 7, 0]) await kept.write({ ...call, createdAt: now - age * day }, [message]);
  await kept.ask(call, true);
  await kept.ask({ ...call, id: "old" }, true);
  utimesSync(join(directory.path, "asked", "old"), (now - 8 * day) / 1000, (now - 8 * day) / 1000);
  utimesSync(join(directory.path, "asked", call.id), now / 1000, now / 1000);
  writeFileSync(join(directory.path, "2000-somebody-elses"), "");
  clock.advance(0);
  await eventually("old days to go", () => !readdirSync(join(directory.path, "asked")).includes("old"));
  expect(readdirSync(directory.path).toSorted()).toEqual(["2000-somebody-elses", "2026-11-13", "2026-11-20", "asked"]);
  expect(await kept.asked()).toEqual([call.id]);
  await eventually("the next sweep to be due", () => clock.armed === 1);
  clock.advance(day);
  await eventually("the sweep after it to be due", () => clock.armed === 1);
  clock.advance(day / 24);
  await eventually("the next day to go", () => !readdirSync(directory.path).includes("2026-11-13"));
  await kept.close();
  expect(clock.armed).toBe(0);
});
