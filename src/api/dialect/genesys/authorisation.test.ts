/** Every route of the dialect with everyone who may ask. A route that is added shows up here by itself. */
import { expect, test } from "vitest";
import { desk } from "../../../../test/conformance/genesys/desk.ts";
import { type Access, routesOf } from "../../http/authorisation.ts";

const expected: Readonly<Record<string, Access>> = {
  "GET /api/v2/diagnostics/version": "anonymous",
  "GET /api/v2/me": "authenticated",
  "POST /api/v2/me": "authenticated",
  "GET /api/v2/me/devices": "authenticated",
  "GET /api/v2/me/devices/:id": "authenticated",
  "GET /api/v2/devices/:id": "authenticated",
  "POST /api/v2/me/devices/:id": "authenticated",
  "POST /api/v2/me/devices/:id/calls": "authenticated",
  "GET /api/v2/me/calls": "authenticated",
  "GET /api/v2/me/calls/:id": "authenticated",
  "POST /api/v2/me/calls/:id": "authenticated",
  "GET /api/v2/me/channels": "authenticated",
  "GET /api/v2/me/channels/voice": "authenticated",
  "POST /api/v2/me/channels/voice": "authenticated",
  // CometD answers in its own terms who may do what.
  "GET /api/v2/notifications": "anonymous",
  "POST /api/v2/notifications": "anonymous",
  "GET /api/v2/notifications/*": "anonymous",
  "POST /api/v2/notifications/*": "anonymous",
};

/** Needs the feature for calls, which administrators do not have: everything but reading about oneself. */
const open = ["/me", "/me/devices", "/me/devices/:id", "/devices/:id", "/me/channels", "/me/channels/voice"];

test("what is declared, and what is enforced", async () => {
  const at = await desk();
  const routes = routesOf(at.server.fastify).filter(({ url, method }) => url.startsWith("/api/v2") && method !== "HEAD");
  expect(Object.fromEntries(routes.map(({ method, url, access }) => [`${method} ${url}`, access]))).toEqual(expected);
  for (const { method, url } of routes.filter(({ access }) => access === "authenticated")) {
    const path = url.slice("/api/v2".length);
    const ask = async (who: "ann" | "cleo" | undefined) => {
      const body = method === "POST" ? { operationName: "NoSuchThing" } : undefined;
      const { status, body: answer } = await at.ask(who, method, path.replace(":id", "x"), body);
      return [status, answer.statusCode];
    };
    expect(await ask(undefined), `${method} ${path} as nobody`).toEqual([403, 20]);
    expect(await ask("ann"), `${method} ${path} as agent`).not.toContain(5);
    const isOpen = method === "GET" && open.includes(path);
    if (isOpen) expect(await ask("cleo"), `${method} ${path} as administrator`).not.toContain(5);
    else expect(await ask("cleo"), `${method} ${path} as administrator`).toEqual([403, 5]);
  }
  await at.server.close();
});
