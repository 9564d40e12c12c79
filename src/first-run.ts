/** What the first start creates so that a newcomer can place a call, and what later starts keep true of it. */
import { type Logins, phoneSecrets, secretHashOf } from "./api/index.ts";
import type { Config } from "./config/index.ts";
import { type Directory, type Flow, type Trunk, usualTrunkPolicy } from "./directory/index.ts";
import { demoFlow, validateFlow } from "./flows/index.ts";
import { type Clock, derive, type Ids } from "./kernel/index.ts";

/** The number of the demo phone. No account owns it: a trunk leads there. */
export const demoNumber = "+12025550100";
const demoTrunkName = "Demo phone";
/** One of each of four countries; the first is what calls show when nothing else is asked for. */
const demoNumbers = ["+18144043093", "+302101234567", "+49301234567", "+33142685300"];

export type Credentials = { readonly email: string; readonly password: string };

export type FirstRun = {
  readonly flowId: string;
  readonly admin: Credentials;
  readonly user: Credentials;
  readonly phone: PhoneLogin;
};

type PhoneLogin = { readonly username: string; readonly password: string };

/** The extension of the first run's user. */
const userExtension = "5001";
const deskUsername = "demo-desk";

type Ground = { readonly clock: Clock; readonly ids: Ids; readonly directory: Directory };

/** Fills an empty directory, or one that an interrupted first start left half filled; undefined when there is an administrator already. */
export async function firstRun({
  config,
  clock,
  ids,
  directory,
  logins,
  secret,
}: Ground & { readonly config: Config; readonly logins: Logins; readonly secret: Uint8Array }): Promise<FirstRun | undefined> {
  const [account = { id: ids.next() }] = directory.accounts.list();
  const accountId = account.id;
  if (directory.users.list(accountId).some(({ roles }) => roles.includes("administrator"))) return undefined;
  const dates = { createdAt: clock.now(), updatedAt: clock.now() };
  const row = () => ({ id: ids.next(), accountId, ...dates });
  if (directory.accounts.get(accountId) === undefined) await directory.accounts.insert({ id: accountId, name: "My account", ...dates });

  const flowId = directory.flows.list(accountId)[0]?.id ?? (await addDemoFlow(directory, row()));
  for (const number of demoNumbers) {
    if (directory.numbers.byNumber(number) === undefined) await directory.numbers.insert({ ...row(), number, flowId });
  }

  const phone = { username: "user-phone", password: ids.random(9) };
  const user = { email: config.user.email ?? "user@callwright.local", password: config.user.password ?? ids.random(9) };
  const admin = { email: config.admin.email ?? "admin@callwright.local", password: config.admin.password ?? ids.random(9) };
  for (const former of directory.users.list(accountId)) await directory.users.remove(accountId, former.id);
  const person = row();
  const passwordHash = await logins.hashPassword(user.password);
  await directory.users.insert({ ...person, email: user.email, firstName: "Uma", lastName: "User", roles: ["user"], passwordHash });
  await directory.phones.insert({ ...row(), userId: person.id, username: phone.username, ...phoneSecrets(phone) });
  await directory.lines.insert({ ...row(), userId: person.id, number: userExtension });
  if (config.demo) {
    const desk = { username: deskUsername, password: deskPassword(secret) };
    await directory.phones.insert({ ...row(), userId: person.id, username: desk.username, ...phoneSecrets(desk) });
  }
  // Last, because an administrator is what tells a later start that the first one came this far.
  await directory.users.insert({
    ...row(),
    email: admin.email,
    firstName: "Ada",
    lastName: "Admin",
    roles: ["administrator"],
    passwordHash: await logins.hashPassword(admin.password),
  });
  return { flowId, admin, user, phone };
}

export type ApplicationLogin = { readonly id: string; readonly secret: string };

/** Gives the first account an application, which acts as its administrator; undefined when it has one. */
export async function firstApplication(
  { clock, ids, directory }: Ground,
  { id = ids.next(), secret = ids.random(16) }: Config["application"],
): Promise<ApplicationLogin | undefined> {
  const [account] = directory.accounts.list();
  const administrator = account && directory.users.list(account.id).find(({ roles }) => roles.includes("administrator"));
  if (administrator === undefined || directory.applications.list(administrator.accountId).length > 0) return undefined;
  const { accountId, id: userId } = administrator;
  const now = clock.now();
  const dates = { createdAt: now, updatedAt: now };
  await directory.applications.insert({ id, accountId, userId, ...dates, name: "First application", secretHash: secretHashOf(secret) });
  return { id, secret };
}

async function addDemoFlow(directory: Directory, row: Pick<Flow, "id" | "accountId" | "createdAt" | "updatedAt">): Promise<string> {
  const valid = validateFlow(demoFlow);
  if (!valid.ok) throw new Error(`The demo flow is not valid: ${JSON.stringify(valid.mistakes)}`);
  await directory.flows.insert({ ...row, name: "Demo", version: 1, hash: valid.hash, document: valid.document });
  return row.id;
}

/** As whom the second demo phone registers; undefined when the first run made no account for it, or somebody has removed it. */
export function deskAccount(directory: Directory, secret: Uint8Array): PhoneLogin | undefined {
  return directory.phones.byUsername(deskUsername) && { username: deskUsername, password: deskPassword(secret) };
}

/** Known to every start, and kept nowhere. */
function deskPassword(secret: Uint8Array): string {
  return derive(secret, 16, "demo phone", deskUsername);
}

/** Makes the demo trunk of the first account lead to where the demo phone listens now. */
export async function pointDemoTrunk(
  { clock, ids, directory }: Ground,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  const account = directory.accounts.list().toSorted((a, b) => a.createdAt - b.createdAt)[0];
  if (account === undefined) return;
  const now = clock.now();
  const wanted = { host, port, transport: "udp", prefixes: [demoNumber] } as const;
  const known = directory.trunks.list(account.id).find(({ name, prefixes }) => name === demoTrunkName && prefixes.includes(demoNumber));
  if (known?.host === host && known.port === port) return;
  const trunk: Trunk = {
    name: demoTrunkName,
    username: null,
    password: null,
    priority: 100,
    sourceAddresses: [],
    mediaToSource: false,
    codecs: null,
    policy: usualTrunkPolicy,
    ...(known ?? { id: ids.next(), accountId: account.id, createdAt: now }),
    ...wanted,
    updatedAt: now,
  };
  await (known === undefined ? directory.trunks.insert(trunk) : directory.trunks.update(trunk));
}
