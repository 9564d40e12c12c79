import { expect, test } from "vitest";
import { AddressRefused, guardedLookup } from "./lookup.ts";

type Found = { readonly error: unknown; readonly address: unknown; readonly family: number | undefined };

function look(name: string, [four, six]: readonly (readonly string[] | undefined)[], more: { allowPrivate?: boolean; all?: boolean } = {}) {
  const asked: string[] = [];
  const answer = (addresses: readonly string[] | undefined) => {
    asked.push(name);
    return addresses === undefined ? Promise.reject(new Error("no such record")) : Promise.resolve(addresses);
  };
  const lookup = guardedLookup({ resolve4: () => answer(four), resolve6: () => answer(six) }, more.allowPrivate ?? false);
  const found = new Promise<Found>((resolve) => {
    lookup(name, { all: more.all ?? true }, (error, address, family) => resolve({ error, address, family }));
  });
  return { asked, found };
}

test("all public addresses are given, IPv4 first", async () => {
  const found = await look("a.example", [["1.1.1.1", "8.8.8.8"], ["2606:4700::1111"]]).found;
  expect(found).toMatchObject({
    error: null,
    address: [
      { address: "1.1.1.1", family: 4 },
      { address: "8.8.8.8", family: 4 },
      { address: "2606:4700::1111", family: 6 },
    ],
  });
});

test("who asks for one gets the first", async () => {
  expect(await look("a.example", [undefined, ["2606:4700::1111"]], { all: false }).found).toEqual({
    error: null,
    address: "2606:4700::1111",
    family: 6,
  });
});

test.each([
  ["the only one", [["10.0.0.1"], undefined]],
  ["one among public ones", [["1.1.1.1", "169.254.169.254"], undefined]],
  ["one of the other family", [["1.1.1.1"], ["::ffff:127.0.0.1"]]],
])("a name is refused for a special address that is %s", async (_which, records) => {
  const { error } = await look("a.example", records).found;
  expect(error).toBeInstanceOf(AddressRefused);
  expect((await look("a.example", records, { allowPrivate: true }).found).error).toBeNull();
});

test.each(["localhost", "a.localhost"])("%s is never asked of DNS", async (name) => {
  const { asked, found } = look(name, [["1.1.1.1"], ["2606:4700::1111"]], { allowPrivate: true });
  expect((await found).address).toEqual([{ address: "127.0.0.1", family: 4 }]);
  expect(asked).toEqual([]);
});

test.each([
  ["no record", [undefined, undefined], "a.example cannot be resolved: Error: no such record"],
  ["no address", [[], []], "a.example has no address"],
])("a name with %s is an error", async (_what, records, message) => {
  expect((await look("a.example", records).found).error).toMatchObject({ message });
});
