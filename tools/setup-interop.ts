/** Installs from Debian what test/interop needs. Its services are kept from starting: they would take the ports of the tests. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isInstalled, missingTools } from "./interop-tools.ts";

/** invoke-rc.d asks this program before it starts a service; 101 means "not allowed". */
const policyFile = "/usr/sbin/policy-rc.d";
const policy = "#!/bin/sh\nexit 101\n";

/** True when everything is there afterwards. Progress goes to stdout. */
export function setupInterop(): boolean {
  const missing = missingTools();
  if (missing.length === 0) {
    console.log("interop tools: all installed");
    return true;
  }
  const packages = missing.map(({ debianPackage }) => debianPackage);
  console.log(`interop tools: installing ${packages.join(", ")}`);
  if (!isInstalled("apt-get"))
    return failed(`there is no apt-get here. Install what provides ${missing.map(({ command }) => command).join(", ")}`);
  if (process.getuid?.() !== 0 && !isInstalled("sudo"))
    return failed("installing needs root, and there is no sudo. Run as root: npm run setup:interop");
  const hadPolicy = existsSync(policyFile);
  if (!hadPolicy && !installPolicy()) return failed(`${policyFile} could not be written`);
  try {
    const install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", ...packages];
    const done = asRoot(install) || (asRoot(["apt-get", "update", "-q"]) && asRoot(install));
    if (!done) return failed("apt-get failed; its output is above");
  } finally {
    if (!hadPolicy) asRoot(["rm", "-f", policyFile]);
  }
  const stillMissing = missingTools().map(({ command }) => command);
  return stillMissing.length === 0 || failed(`${stillMissing.join(", ")} cannot be found even now`);
}

function failed(reason: string): false {
  console.error(`interop tools: ${reason}`);
  return false;
}

function installPolicy(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "callwright-policy-"));
  try {
    const draft = join(folder, "policy-rc.d");
    writeFileSync(draft, policy);
    return asRoot(["install", "-m", "755", draft, policyFile]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function asRoot(command: readonly string[]): boolean {
  const setting = "DEBIAN_FRONTEND=noninteractive";
  const [program, ...rest] =
    process.getuid?.() === 0 ? (["env", setting, ...command] as const) : (["sudo", "-n", "env", setting, ...command] as const);
  return spawnSync(program, rest, { stdio: ["ignore", "inherit", "inherit"] }).status === 0;
}

if (import.meta.main) process.exitCode = setupInterop() ? 0 : 1;
