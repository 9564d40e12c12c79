/** The programs of other people that test/interop calls, and the Debian packages they come in. */
import { accessSync, constants } from "node:fs";
import { join } from "node:path";

export type InteropTool = { readonly command: string; readonly debianPackage: string };

export const interopTools = [
  { command: "sipp", debianPackage: "sip-tester" },
  { command: "baresip", debianPackage: "baresip-core" },
  { command: "linphonec", debianPackage: "linphone-cli" },
  { command: "ffmpeg", debianPackage: "ffmpeg" },
  { command: "kamailio", debianPackage: "kamailio" },
  { command: "chromium", debianPackage: "chromium" },
] as const satisfies readonly InteropTool[];

/** How to get what is missing; tests that are skipped for want of a program say it. */
export const howToInstall = "npm run setup:interop";

export function isInstalled(command: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      // Not in this folder; the next may have it.
      return false;
    }
  });
}

export function missingTools(): InteropTool[] {
  return interopTools.filter(({ command }) => !isInstalled(command));
}
