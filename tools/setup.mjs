// Installs the packages when they are missing or the lock file has changed. It runs before anything is installed: no
// packages, no TypeScript, and nothing that Node 20 does not know.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const oldestNode = 20;
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modules = join(root, "node_modules");
const lockFile = join(root, "package-lock.json");
const markFile = join(modules, ".callwright-setup");

/** What npm says when something is missing, and what to do about it. The first match counts. */
const remedies = [
  [/EUSAGE|can only install/, "package.json and package-lock.json do not agree. Take both from the same commit, or run: npm install"],
  [
    /EAI_AGAIN|ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|network/i,
    "The package registry did not answer. Check the network, and the address that this prints: npm config get registry",
  ],
  [/E401|E403|ENEEDAUTH/, "The package registry refused access. Check the address that this prints: npm config get registry"],
  [
    /ETARGET|E404/,
    "The package registry does not have a package of the lock file. Check the address that this prints: npm config get registry",
  ],
  [/EACCES|EPERM|EROFS/, `This user may not write to ${root}. Give it the folder (chown), or clone to a place that it owns.`],
  [/ENOSPC/, "The disk is full. The packages need about 600 MB."],
  [/EINTEGRITY/, "A package does not have the content that the lock file promises. Run: npm cache clean --force"],
];

function stop(...lines) {
  process.stderr.write(["", "Callwright could not be set up.", ...lines, ""].join("\n"));
  process.exit(1);
}

function fingerprint() {
  const lock = readFileSync(lockFile);
  return createHash("sha256").update(lock).update(`\0${process.platform}\0${process.arch}`).digest("hex");
}

/** Packages unpacked so far; scopes count their members. */
function packagesIn(folder) {
  if (!existsSync(folder)) return 0;
  const names = readdirSync(folder).filter((name) => !name.startsWith("."));
  return names.reduce((sum, name) => sum + (name.startsWith("@") ? readdirSync(join(folder, name)).length : 1), 0);
}

/** npm runs on the machine's own Node, not on the one in node_modules that it is about to replace. */
function environment() {
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => !folder.includes(join("node_modules", ".bin")));
  return { ...process.env, PATH: folders.join(delimiter) };
}

function install() {
  const startedMs = Date.now();
  const elapsed = () => `${Math.round((Date.now() - startedMs) / 1000)} s`;
  console.log(`Installing packages into ${modules} (once for each version of the lock file; about 600 MB) ...`);
  const ticker = setInterval(() => console.log(`  ${elapsed()}: ${packagesIn(modules)} packages`), 3000);
  // The includes win over NODE_ENV=production and the like: tests and checks need all packages.
  const options = ["--include=dev", "--include=optional", "--no-dry-run", "--no-ignore-scripts", "--loglevel=error", "--no-progress"];
  const npm = spawn("npm", ["ci", ...options], { cwd: root, env: environment(), stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  npm.stderr.on("data", (chunk) => {
    output += chunk;
    process.stderr.write(chunk);
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => npm.kill(signal));
  npm.on("error", (error) => {
    clearInterval(ticker);
    const missing = "npm is not in the PATH. Install Node 20 or later together with npm: https://nodejs.org";
    stop(error.code === "ENOENT" ? missing : `npm could not be started: ${error.message}`);
  });
  npm.on("close", (code, signal) => {
    clearInterval(ticker);
    if (code === 0) {
      writeFileSync(markFile, fingerprint());
      console.log(`  ${elapsed()}: done`);
      return;
    }
    const remedy = remedies.find(([pattern]) => pattern.test(output));
    stop(`npm ci ended with ${signal ?? `code ${code}`}.`, ...(remedy ? [remedy[1]] : ["Its output is above."]));
  });
}

const major = Number(process.versions.node.split(".")[0]);
if (major < oldestNode)
  stop(`Node ${oldestNode} or later is needed to install; this is ${process.versions.node}. Get one from https://nodejs.org`);
if (!existsSync(lockFile)) stop(`${lockFile} is missing: this is not a complete checkout. Run: git checkout -- package-lock.json`);
const isCurrent = existsSync(markFile) && readFileSync(markFile, "utf8") === fingerprint();
if (!isCurrent) install();
