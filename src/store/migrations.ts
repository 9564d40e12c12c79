/**
 * The schema, as steps that were each released once: forward only, never edited afterwards. Kysely runs what is missing in one
 * transaction under an advisory lock, so two servers that start at once do not meet.
 */
import { type Kysely, sql } from "kysely";
import { type Migration, Migrator } from "kysely/migration";
import type { Database } from "./database.ts";

const migrations: Readonly<Record<string, Migration>> = {
  "2026-11-20-directory": { up: (db) => run(db, directoryTables) },
  "2026-11-20-calls": { up: (db) => run(db, callTables) },
  "2026-11-20-lines": { up: (db) => run(db, lineTable) },
  "2026-11-20-outbox": { up: (db) => run(db, outboxTable) },
  // Names are run in their order, so this one sorts behind the tables that it refers to.
  "2026-11-20-states-of-agents": { up: (db) => run(db, agentStateTable) },
  "2026-11-20-tokens-of-applications": { up: (db) => run(db, applicationTables) },
  "2026-11-20-trunks-without-port": { up: (db) => run(db, trunksWithoutPort) },
  "2026-11-20-trust-and-policy-of-trunks": { up: (db) => run(db, "alter table trunks add column policy json not null default '{}'") },
  "2026-11-21-codecs-of-trunks": { up: (db) => run(db, "alter table trunks add column codecs text[]") },
  "2026-11-21-recordings": { up: (db) => run(db, recordingTable) },
  "2026-11-21-sounds": { up: (db) => run(db, soundTable) },
};

/** Brings the schema up to date. Throws what the failing step threw. */
export async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

async function run(db: Kysely<unknown>, statements: string): Promise<void> {
  for (const statement of statements.split(";\n").map((text) => text.trim())) {
    if (statement !== "") await sql.raw(statement).execute(db);
  }
}

const owned = `
  id text primary key,
  account_id text not null references accounts on delete cascade,
  created_at bigint not null,
  updated_at bigint not null`;

const directoryTables = `
create table accounts (id text primary key, name text not null, created_at bigint not null, updated_at bigint not null);

create table users (${owned},
  email text not null, first_name text not null, last_name text not null, roles text[] not null, password_hash text not null);
create unique index users_email on users (lower(email));
create index users_account on users (account_id);

create table flows (${owned}, name text not null, version integer not null, hash text not null, document json not null);
create index flows_account on flows (account_id);

create table phones (${owned},
  user_id text not null references users on delete cascade,
  username text not null, ha1_md5 text not null, ha1_sha256 text not null);
create unique index phones_username on phones (username);
create index phones_account on phones (account_id);
create index phones_user on phones (user_id);

create table phone_numbers (${owned}, number text not null, flow_id text references flows on delete set null);
create unique index phone_numbers_number on phone_numbers (number);
create index phone_numbers_account on phone_numbers (account_id);
create index phone_numbers_flow on phone_numbers (flow_id);

create table trunks (${owned},
  name text not null, host text not null, port integer not null, transport text not null, username text, password bytea,
  prefixes text[] not null, priority integer not null, source_addresses text[] not null, media_to_source boolean not null);
create index trunks_account on trunks (account_id);

create table api_keys (${owned},
  user_id text not null references users on delete cascade,
  name text not null, key_hash text not null, key_prefix text not null);
create unique index api_keys_key_hash on api_keys (key_hash);
create index api_keys_account on api_keys (account_id);
create index api_keys_user on api_keys (user_id);

create table logins (${owned},
  user_id text not null references users on delete cascade,
  token_hash text not null, expires_at bigint not null);
create unique index logins_token_hash on logins (token_hash);
create index logins_account on logins (account_id);
create index logins_user on logins (user_id);

create table bindings (phone_id text not null, contact text not null, binding json not null, primary key (phone_id, contact));
`;

/**
 * Documents are json, not jsonb: nothing is searched in them, it costs the server half as much to take, and it keeps every text (jsonb
 * refuses U+0000). States stay uncompressed and, up to 8 kB, in their row. Events arrive in order of position: a block range index
 * finds the oldest ones for next to nothing.
 */
const callTables = `
create table calls (
  id text primary key,
  account_id text not null,
  created_at bigint not null,
  ended_at bigint not null,
  direction text not null,
  from_number text not null,
  to_number text not null,
  user_ids text[] not null,
  result text not null,
  state json not null) with (toast_tuple_target = 8160);
alter table calls alter state set storage external;
create index calls_account on calls (account_id, created_at, id);
create index calls_users on calls using gin (user_ids);

create table call_events (
  account_id text not null,
  position bigint not null,
  index integer not null,
  call_id text not null,
  at bigint not null,
  event json not null,
  primary key (account_id, position, index));
create index call_events_position on call_events using brin (position) with (pages_per_range = 32, autosummarize = on);

create table shipping (
  id boolean primary key default true check (id),
  cursor bigint not null,
  pruned_to bigint not null);
insert into shipping (cursor, pruned_to) values (0, 0);
`;

const lineTable = `
create table lines (${owned},
  user_id text not null references users on delete cascade,
  number text not null);
create unique index lines_account_number on lines (account_id, number);
create index lines_user on lines (user_id);
`;

const soundTable = `
create table sounds (${owned},
  name text not null, content_type text not null, size_bytes bigint not null, duration_ms bigint not null, sha256 text not null);
create unique index sounds_account_name on sounds (account_id, name);
`;

/** In order of (position, index) within a key. A key that waits has all its rows due later, so that those due are found by index. */
const outboxTable = `
create table outbox (
  id text primary key,
  account_id text not null,
  key text not null,
  position bigint not null,
  index integer not null,
  url text not null,
  host text not null,
  body json not null,
  attempts integer not null,
  due_at bigint not null);
create index outbox_due on outbox (due_at, position, index);
create index outbox_key on outbox (key, position, index);
`;

/** Few are unfinished or open at any time, and only those that expire are looked for by time: indexes of those alone. */
const recordingTable = `
create table recordings (
  id text primary key,
  account_id text not null,
  call_id text not null,
  party_id text not null,
  state text not null,
  is_unfinished boolean not null,
  attempts integer not null default 0,
  due_at bigint not null default 0,
  started_by text,
  format text not null,
  channels integer not null,
  hears text not null,
  started_at bigint not null,
  ended_at bigint,
  end_reason text,
  duration_ms bigint,
  sample_rate_hz integer,
  size_bytes bigint,
  sha256 text,
  is_encrypted boolean,
  file text,
  expires_at bigint);
create index recordings_account on recordings (account_id, started_at, id);
create index recordings_call on recordings (call_id);
create index recordings_unfinished on recordings (due_at, id) where is_unfinished;
create index recordings_open on recordings (id) where state in ('recording', 'paused');
create index recordings_expiring on recordings (expires_at) where expires_at is not null;
`;

const agentStateTable = `
create table agent_states (
  user_id text primary key references users on delete cascade,
  account_id text not null references accounts on delete cascade,
  is_on_duty boolean not null,
  activity text not null,
  reason text,
  since bigint not null);
create index agent_states_account on agent_states (account_id);
`;

const applicationTables = `
create table applications (${owned},
  user_id text not null references users on delete cascade,
  name text not null, secret_hash text not null);
create index applications_account on applications (account_id);
create index applications_user on applications (user_id);

create table access_tokens (${owned},
  application_id text not null references applications on delete cascade,
  token_hash text not null, scopes text[] not null, expires_at bigint not null);
create unique index access_tokens_token_hash on access_tokens (token_hash);
create index access_tokens_account on access_tokens (account_id);
create index access_tokens_application on access_tokens (application_id);
`;

/** Port and transport may be left to the records of the host; rows that are there keep theirs. */
const trunksWithoutPort = `
alter table trunks alter column port drop not null, alter column transport drop not null;
`;
