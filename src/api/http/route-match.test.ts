import { expect, test } from "vitest";
import { allowedMethods } from "./route-match.ts";

const routes = [
  { method: "GET", url: "/a/:id", access: "anonymous" },
  { method: "DELETE", url: "/a/:id", access: "anonymous" },
  { method: "GET", url: "/a/:id/b", access: "anonymous" },
  { method: "POST", url: "/files/*", access: "anonymous" },
] as const;

test.each([
  ["/a/1", ["DELETE", "GET"]],
  ["/a/1/", ["DELETE", "GET"]],
  ["/a/1/b", ["GET"]],
  ["/a", []],
  ["/a/1/c", []],
  ["/files/x/y", ["POST"]],
  ["/", []],
])("%s", (path, methods) => {
  expect(allowedMethods(routes, path)).toEqual(methods);
});
