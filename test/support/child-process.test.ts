import { expect, test } from "vitest";
import { StartedProcess } from "./child-process.ts";

function script(text: string): StartedProcess {
  return new StartedProcess(process.execPath, ["-e", text]);
}

test("output is waited for, also when it came before, and from an offset on", async () => {
  await using child = script("process.stdin.on('data', (text) => console.log('got ' + text)); console.log('ready');");
  await child.waitForOutput(/ready/);
  await child.waitForOutput(/ready/);
  const from = child.output.length;
  child.write("ready");
  expect((await child.waitForOutput(/got (\w+)/, 5_000, from))[1]).toBe("ready");
});

test("a process that ends instead, says nothing, or cannot be started is reported with what it said", async () => {
  await using ended = script("console.log('last words')");
  await expect(ended.waitForOutput(/never/)).rejects.toThrow("last words");
  await using silent = script("setTimeout(() => {}, 60_000)");
  await expect(silent.waitForOutput(/never/, 50)).rejects.toThrow("within 50 ms");
  await using missing = new StartedProcess("/no/such/program", []);
  await expect(missing.waitForExit()).rejects.toThrow("/no/such/program failed");
});

test("one that ignores SIGTERM is killed after its grace", async () => {
  await using child = script("process.on('SIGTERM', () => {}); console.log('ready'); setTimeout(() => {}, 60_000)");
  await child.waitForOutput(/ready/);
  expect(await child.stop("SIGTERM", 100)).toEqual({ code: null, signal: "SIGKILL" });
});
