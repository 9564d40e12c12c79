import { expect, test } from "vitest";
import { redirected } from "./redirect.ts";

const from = new URL("https://a.example/one");
const post = {
  method: "POST",
  url: from.href,
  headers: { "content-type": "text/plain", Cookie: "c=1", "X-A": "b", Host: "a.example" },
  body: "x",
  timeoutMs: 1,
  maxBytes: 1,
  redirects: 1,
};

test.each([
  [301, "POST", "GET"],
  [302, "POST", "GET"],
  [303, "POST", "GET"],
  [303, "DELETE", "GET"],
  [303, "HEAD", "HEAD"],
  [301, "PUT", "PUT"],
  [307, "POST", "POST"],
  [308, "POST", "POST"],
])("%i after %s is %s", (status, method, next) => {
  const found = redirected({ ...post, method }, from, status, "/two?x");
  expect(found).toMatchObject({ method: next, url: "https://a.example/two?x" });
  expect(found?.body).toBe(next === method ? "x" : undefined);
  expect(Object.keys(found?.headers ?? {})).toEqual(next === method ? Object.keys(post.headers) : ["Cookie", "X-A", "Host"]);
});

test.each(["https://b.example/", "http://a.example/", "//a.example:8443/"])("%s is another origin", (location) => {
  expect(redirected(post, from, 307, location)?.headers).toEqual({ "content-type": "text/plain", "X-A": "b" });
});

test.each<[number, string | undefined]>([
  [200, "/two"],
  [304, "/two"],
  [302, undefined],
])("%i to %s is no redirect", (status, location) => {
  expect(redirected(post, from, status, location)).toBeUndefined();
});

test.each(["ftp://b.example/", "https://"])("%s cannot be asked", (location) => {
  expect(() => redirected(post, from, 302, location)).toThrow(expect.objectContaining({ failure: "invalid-url" }));
});
