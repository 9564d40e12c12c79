/** The list of sessions: filters, order and pages. */
import type { Call, CallFilter, Views } from "../../../../calls/index.ts";
import type { Directory } from "../../../../directory/index.ts";
import type { Principal } from "../../../http/principal.ts";
import { membersOf, type ValueOf } from "../format/shape.ts";
import { fieldRefusal } from "../error.ts";
import { type listSessions, type listSessionsResponse, sessionInfo } from "./contracts.ts";
import { sessionOf } from "./view.ts";

type Query = ValueOf<typeof listSessions>;
type Answer = ValueOf<typeof listSessionsResponse>;
type Order = "newest" | "oldest";

const usualPerPage = 25;
const mostPerPage = 1_000;
const mostSkipped = 100_000;
/** How many sessions a list may go through when it is filtered or sorted by what the views do not know, or asked for whole. */
const mostCollected = 10_000;
const collectedAtOnce = 200;
const dayMs = 86_400_000;

export async function listOf(query: Query, views: Views, directory: Directory, principal: Principal, seesAll: boolean): Promise<Answer> {
  const { page = 0, all = false, simplifiedPaging = false } = query;
  if (page < 0) throw mistake("Page", "The first page is 0.");
  const given = query.countPerPage ?? 0;
  const perPage = given > 0 ? Math.min(given, mostPerPage) : usualPerPage;
  if (page * perPage > mostSkipped) throw mistake("Page", `At most ${mostSkipped} sessions can be skipped; narrow the list.`);
  if (isNobodys(query, principal.accountId)) return pageOf([], 0, perPage, false, simplifiedPaging);

  const filter = filterOf(query, seesAll ? undefined : principal.userId);
  const order = orderOf(query);
  const view = (call: Call) => sessionOf(call, directory);
  if (!all && order !== undefined && isEmpty(query.endpointIds) && isEmpty(query.log)) {
    const range = { limit: perPage, offset: page * perPage, order, ...(simplifiedPaging ? {} : { total: true }) };
    const { items, more, total = 0 } = await views.list(principal.accountId, filter, range);
    return pageOf(items.map(view), total, perPage, more, simplifiedPaging);
  }
  const { found, isCut } = await collectCalls(views, principal.accountId, filter, order ?? "newest");
  if (isCut) throw mistake(all ? "All" : "StartDate", `More than ${mostCollected} sessions; narrow the list by dates.`);
  const passing = found.map(view).filter((session) => passes(session, query));
  const sorted = order === undefined ? sortedBy(passing, query) : passing;
  if (all) return pageOf(sorted, sorted.length, Math.max(1, sorted.length), false, simplifiedPaging);
  const items = sorted.slice(page * perPage, (page + 1) * perPage);
  return pageOf(items, sorted.length, perPage, (page + 1) * perPage < sorted.length, simplifiedPaging);
}

/** All calls that match, at most 10,000; `isCut` when there are more. */
export async function collectCalls(
  views: Views,
  accountId: string,
  filter: CallFilter,
  order: Order,
): Promise<{ readonly found: readonly Call[]; readonly isCut: boolean }> {
  const found: Call[] = [];
  for (;;) {
    const last = found.at(-1);
    const page = { limit: collectedAtOnce, order, ...(last === undefined ? {} : { before: last.id }) };
    const { items, more } = await views.list(accountId, filter, page);
    found.push(...items);
    if (!more || items.length === 0) return { found, isCut: false };
    if (found.length >= mostCollected) return { found, isCut: true };
  }
}

type Session = ReturnType<typeof sessionOf>;

function pageOf(items: readonly Session[], total: number, perPage: number, hasMorePages: boolean, isSimple: boolean): Answer {
  return { items, totalCount: isSimple ? 0 : total, totalPages: isSimple ? 0 : Math.ceil(total / perPage), hasMorePages };
}

/** There are no customers and no sessions within sessions, and other accounts' sessions do not exist here. */
function isNobodys({ accountIds, customerIds, parentSessionId }: Query, accountId: string): boolean {
  return (
    !isEmpty(customerIds) ||
    !isEmpty(parentSessionId) ||
    (accountIds !== undefined && !isEmpty(accountIds) && !accountIds.includes(accountId))
  );
}

function filterOf(query: Query, userId: string | undefined): CallFilter {
  const { specificIds, from, to, startDate, endDate } = query;
  const start = momentOf("StartDate", startDate);
  const end = momentOf("EndDate", endDate);
  return {
    ...(userId === undefined ? {} : { userId }),
    ...(specificIds === undefined || isEmpty(specificIds) ? {} : { ids: specificIds }),
    ...(from === undefined || from === "" ? {} : { from }),
    ...(to === undefined || to === "" ? {} : { to }),
    ...(start === undefined ? {} : { createdFrom: start.at }),
    // A day counts to its end.
    ...(end === undefined ? {} : { createdBefore: end.at + (end.isDay ? dayMs : 1) }),
  };
}

function momentOf(fieldName: string, text: string | undefined): { readonly at: number; readonly isDay: boolean } | undefined {
  if (text === undefined || text === "") return undefined;
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const isMoment = isDay || /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,7})?)?(Z|[+-]\d\d:\d\d)?$/.test(text);
  const hasZone = isDay || /(Z|[+-]\d\d:\d\d)$/.test(text);
  const at = isMoment ? Date.parse(hasZone ? text : `${text}Z`) : Number.NaN;
  // Date.parse lets days run over into the next month.
  const isReal = !Number.isNaN(at) && (!isDay || new Date(at).toISOString().startsWith(text));
  if (!isReal) throw mistake(fieldName, "must be a day such as 2024-01-02 or a time such as 2024-01-02T03:04:05Z");
  return { at, isDay };
}

const sortFields = membersOf(sessionInfo)
  .filter(([, shape]) => shape.kind === "text" || shape.kind === "flag" || shape.kind === "choice")
  .map(([name]) => name);

function sortFieldOf({ sortField = "" }: Query): string | undefined {
  if (sortField === "") return undefined;
  const found = sortFields.find((name) => name.toLowerCase() === sortField.toLowerCase());
  if (found === undefined) throw mistake("SortField", "is not the name of a simple member of SessionInfo");
  return found;
}

/** The order that the views keep; undefined for any other. Without a wish, newest first. */
function orderOf(query: Query): Order | undefined {
  const field = sortFieldOf(query);
  if (field !== undefined && field !== "dateCreated") return undefined;
  const isDescending = (query.sortOrder ?? (field === undefined ? "Descend" : "Ascend")) === "Descend";
  return isDescending ? "newest" : "oldest";
}

function sortedBy(sessions: readonly Session[], query: Query): readonly Session[] {
  const field = sortFieldOf(query) ?? "dateCreated";
  const sign = query.sortOrder === "Descend" ? -1 : 1;
  const keyed = sessions.map((session) => ({ session, key: keyOf(session, field) }));
  return keyed.toSorted((a, b) => sign * (a.key === b.key ? 0 : a.key < b.key ? -1 : 1)).map(({ session }) => session);
}

function keyOf(session: Session, field: string): string {
  const value: unknown = session[field as keyof Session];
  return typeof value === "string" ? value : value === true ? "1" : "";
}

function passes(session: Session, { endpointIds, log = "" }: Query): boolean {
  const isOfEndpoint = endpointIds === undefined || isEmpty(endpointIds) || endpointIds.includes(session.endpointId ?? "");
  return isOfEndpoint && (log === "" || (session.log ?? []).some(({ message = "" }) => message.includes(log)));
}

function isEmpty(given: string | readonly string[] | undefined): boolean {
  return given === undefined || given.length === 0;
}

function mistake(fieldName: string, message: string) {
  return fieldRefusal([{ errorCode: "ArgumentException", fieldName, message }]);
}
