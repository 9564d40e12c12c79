import { beforeEach, describe, expect, test } from "vitest";
import { type EvoApi, evoApi } from "../../../../../test/support/fakes/evo.ts";

let api: EvoApi;
const ids: string[] = [];
const numbers = ["+12025550100", "+12025550101", "+12025550102", "+12025550103", "+12025550104"];

/** Five calls, a day apart; the first three by the manager, the others by the user; the last has ended. */
beforeEach(async () => {
  api = await evoApi();
  ids.length = 0;
  for (const [index, to] of numbers.entries()) {
    const call = await api.startCall(index < 3 ? "manager" : "user", to);
    ids.push(call.id);
    api.clock.advance(86_400_000);
  }
  api.calls.end(ids[4] ?? "");
});

async function placesOf(query: string, role: "manager" | "user" = "manager"): Promise<readonly number[] | undefined> {
  const { body } = await api.ask(role, "GET", `/sessions?${query}`);
  return body.items?.map(({ id }) => ids.indexOf(id ?? ""));
}

test.each([
  ["", [4, 3, 2, 1, 0]],
  ["sortOrder=Ascend", [0, 1, 2, 3, 4]],
  ["sortField=dateCreated", [0, 1, 2, 3, 4]],
  ["sortField=DateCreated&sortOrder=1", [4, 3, 2, 1, 0]],
  ["sortField=toAddress&sortOrder=Descend", [4, 3, 2, 1, 0]],
  ["sortField=ended&page=0&countPerPage=2", [3, 2]],
  ["to=0102", [2]],
  ["from=404", [4, 3, 2, 1, 0]],
  ["from=405", []],
  ["log=0103", [3]],
  ["log=0103&from=405", []],
  ["startDate=2026-01-02&endDate=2026-01-03", [2, 1]],
  ["startDate=2026-01-02T00:00:01Z&endDate=2026-01-04T00:00:00", [3, 2]],
  ["page=1&countPerPage=2", [2, 1]],
  ["page=9", []],
  ["all=true&sortOrder=Ascend", [0, 1, 2, 3, 4]],
  ["customerIds=x", []],
  ["endpointIds=x", []],
])("?%s", async (query, places) => {
  expect(await placesOf(query)).toEqual(places);
});

test("by ids, as a list or repeated", async () => {
  expect(await placesOf(`specificIds=${ids[1]},${ids[3]}`)).toEqual([3, 1]);
  expect(await placesOf(`specificIds=${ids[1]}&specificIds=${ids[3]}`)).toEqual([3, 1]);
  expect(await placesOf(`specificIds=[${ids[1]}]&countPerPage=1&simplifiedPaging=true`)).toEqual([1]);
});

test("by account: another one has nothing", async () => {
  expect(await placesOf(`accountIds=${api.accountId}`)).toHaveLength(5);
  expect(await placesOf(`accountIds=${api.ids.next()}`)).toEqual([]);
});

test("by endpoint: the account's number", async () => {
  expect(await placesOf(`endpointIds=${api.directory.numbers.list(api.accountId)[0]?.id}`)).toHaveLength(5);
});

test("a user sees only what is theirs", async () => {
  expect(await placesOf("", "user")).toEqual([4, 3]);
  expect(await placesOf(`specificIds=${ids[0]}`, "user")).toEqual([]);
});

describe("pages", () => {
  test.each([
    ["countPerPage=2", { totalCount: 5, totalPages: 3, hasMorePages: true }],
    ["countPerPage=2&page=2", { totalCount: 5, totalPages: 3, hasMorePages: false }],
    ["countPerPage=2&log=Call", { totalCount: 5, totalPages: 3, hasMorePages: true }],
    ["countPerPage=2&simplifiedPaging=true", { totalCount: 0, totalPages: 0, hasMorePages: true }],
    ["countPerPage=0", { totalCount: 5, totalPages: 1, hasMorePages: false }],
    ["all=true&countPerPage=2", { totalCount: 5, totalPages: 1, hasMorePages: false }],
    ["customerIds=x", { totalCount: 0, totalPages: 0, hasMorePages: false }],
  ])("?%s", async (query, expected) => {
    expect((await api.ask("manager", "GET", `/sessions?${query}`)).body).toMatchObject(expected);
  });
});

test.each([
  ["page=-1", "Page"],
  ["page=5000&countPerPage=1000", "Page"],
  ["page=x", "Page"],
  ["sortField=members", "SortField"],
  ["sortOrder=up", "SortOrder"],
  ["startDate=2026-02-30", "StartDate"],
  ["endDate=yesterday", "EndDate"],
  ["all=maybe", "All"],
])("?%s is refused by its name", async (query, fieldName) => {
  const { status, body } = await api.ask("manager", "GET", `/sessions?${query}`);
  expect({ status, fields: body.responseStatus?.errors.map((error) => error.fieldName) }).toEqual({ status: 400, fields: [fieldName] });
});

test("the list keeps each log", async () => {
  const { body } = await api.ask("manager", "GET", `/sessions?specificIds=${ids[0]}`);
  expect(body.items?.[0]?.log).toEqual([{ date: "2026-01-01T00:00:00Z", message: `Calling ${numbers[0]} from ${api.number}` }]);
});
