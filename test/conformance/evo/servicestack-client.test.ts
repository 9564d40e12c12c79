/** The vendor's own client against the server on a loopback port, over the calls in memory. */
import { JsonServiceClient } from "@servicestack/client";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type EvoApi, evoApi } from "../../support/fakes/evo.ts";
import { testPassword } from "../../support/fakes/http.ts";

/** Data transfer objects in the form in which the vendor's code generator writes them. */
abstract class Dto<Members extends object> {
  constructor(init?: Partial<Members>) {
    Object.assign(this, init);
  }
  abstract getTypeName(): string;
  abstract getMethod(): string;
}

type Session = {
  readonly id: string;
  readonly callState: string;
  readonly ended: boolean;
  readonly consoleData?: string;
  readonly heldByUserId?: string;
  readonly log: readonly { readonly date: string; readonly message: string }[];
};

class NewOutgoingSession extends Dto<{ flowId: string; numberToDial: string; callerId: string }> {
  getTypeName() {
    return "NewOutgoingSession";
  }
  getMethod() {
    return "POST";
  }
  createResponse(): void {}
}

class GetMySessions extends Dto<object> {
  getTypeName() {
    return "GetMySessions";
  }
  getMethod() {
    return "GET";
  }
  createResponse() {
    return { sessions: [] as Session[] };
  }
}

class ListSessions extends Dto<{ specificIds: string[]; from: string; countPerPage: number; simplifiedPaging: boolean }> {
  getTypeName() {
    return "ListSessions";
  }
  getMethod() {
    return "GET";
  }
  createResponse() {
    return { items: [] as Session[], totalCount: 0, totalPages: 0, hasMorePages: false };
  }
}

class GetSession extends Dto<{ sessionId: string }> {
  getTypeName() {
    return "GetSession";
  }
  getMethod() {
    return "GET";
  }
  createResponse() {
    return {} as Session;
  }
}

class PatchSession extends Dto<{ sessionId: string; callState: string; holdReason: string; consoleData: string }> {
  getTypeName() {
    return "PatchSession";
  }
  getMethod() {
    return "PATCH";
  }
  createResponse() {
    return {} as Session;
  }
}

class EndSession extends Dto<{ sessionId: string }> {
  getTypeName() {
    return "EndSession";
  }
  getMethod() {
    return "DELETE";
  }
  createResponse(): void {}
}

class Authenticate extends Dto<{ provider: string; userName: string; password: string; rememberMe: boolean }> {
  getTypeName() {
    return "Authenticate";
  }
  getMethod() {
    return "POST";
  }
  createResponse() {
    return {} as { readonly userId: string; readonly roles: readonly string[] };
  }
}

class GetAuthStatus extends Dto<object> {
  getTypeName() {
    return "GetAuthStatus";
  }
  getMethod() {
    return "GET";
  }
  createResponse() {
    return {} as { readonly isAuthenticated: boolean; readonly emailAddress: string };
  }
}

let api: EvoApi;
let baseUrl: string;
beforeAll(async () => {
  api = await evoApi();
  const { port } = await api.server.listen("127.0.0.1", 0);
  baseUrl = `http://127.0.0.1:${port}`;
});
afterAll(() => api.server.close());
// So that the newest session is the one a test has made.
beforeEach(() => api.clock.advance(1_000));

/** Places under which the client finds operations: /api, and /json/reply for older ones. */
describe.each(["api", ""])("by the base path '%s'", (basePath) => {
  const clientOf = (role: "manager" | "user" | "nobody"): JsonServiceClient => {
    const client = new JsonServiceClient(baseUrl).useBasePath(basePath);
    if (role !== "nobody") client.setCredentials(`${role}@example.com`, testPassword);
    return client;
  };

  test("a session from beginning to end", async () => {
    const client = clientOf("manager");
    await client.post(new NewOutgoingSession({ flowId: api.flowId, numberToDial: "+12025550100", callerId: api.number }));
    const list = await client.get(new ListSessions({ from: api.number, countPerPage: 1 }));
    const id = list.items[0]?.id ?? "";
    expect(list).toMatchObject({ items: [{ callState: "Ringing", ended: false }], hasMorePages: list.totalCount > 1 });

    api.calls.answer(id);
    const held = await client.patch(
      new PatchSession({ sessionId: id, callState: "Hold", holdReason: "Transferring", consoleData: "a, {b}" }),
    );
    expect(held).toMatchObject({
      id,
      callState: "Hold",
      holdReason: "Transferring",
      consoleData: "a, {b}",
      heldByUserId: api.users.manager.id,
    });
    expect(await client.patch(new PatchSession({ sessionId: id, callState: "Connected" }))).toMatchObject({ callState: "Connected" });
    expect(await client.get(new GetSession({ sessionId: id }))).toMatchObject({ id, log: [] });

    expect(await client.delete(new EndSession({ sessionId: id }))).toBeFalsy();
    const [ended] = (await client.get(new ListSessions({ specificIds: [id, "other"], simplifiedPaging: true }))).items;
    expect(ended).toMatchObject({ id, ended: true, callState: "Disconnected" });
    expect(ended?.log.length).toBeGreaterThan(0);
  });

  test("one's own sessions", async () => {
    const { id } = await api.startCall("user");
    const { sessions } = await clientOf("user").get(new GetMySessions());
    expect(sessions.map((session) => session.id)).toContain(id);
  });

  test("signing in by cookie, and out", async () => {
    const client = clientOf("nobody");
    expect(await client.get(new GetAuthStatus())).toMatchObject({ isAuthenticated: false });
    const credentials = { provider: "credentials", userName: "user@example.com", password: testPassword, rememberMe: true };
    expect(await client.post(new Authenticate(credentials))).toMatchObject({ userId: api.users.user.id, roles: ["User"] });
    expect(client.cookies).toHaveProperty("ss-pid");
    expect(await client.get(new GetAuthStatus())).toMatchObject({ isAuthenticated: true, emailAddress: "user@example.com" });
    await client.post(new Authenticate({ provider: "logout" }));
    expect(await client.get(new GetAuthStatus())).toMatchObject({ isAuthenticated: false });
  });

  test("refusals arrive as errors with their fields", async () => {
    const refused = clientOf("manager").post(new NewOutgoingSession({ flowId: api.flowId, numberToDial: "0800" }));
    await expect(refused).rejects.toMatchObject({
      responseStatus: { errorCode: "InvalidNumberToDial", errors: [{ fieldName: "NumberToDial" }] },
    });
    await expect(clientOf("user").post(new NewOutgoingSession({}))).rejects.toMatchObject({
      responseStatus: { errorCode: "Invalid Role" },
    });
    await expect(clientOf("nobody").get(new ListSessions())).rejects.toMatchObject({ responseStatus: { errorCode: "Unauthorized" } });
    await expect(clientOf("user").get(new GetSession({ sessionId: "no" }))).rejects.toMatchObject({
      responseStatus: { errorCode: "NotFound" },
    });
  });
});

test("by addresses of the vendor's pages", async () => {
  const client = new JsonServiceClient(baseUrl);
  client.setCredentials("manager@example.com", testPassword);
  await client.postToUrl("/sessions/outgoing", new NewOutgoingSession({ flowId: api.flowId, numberToDial: "+12025550100" }));
  const { items } = await client.get<{ items: Session[] }>("/sessions", { countPerPage: 1 });
  const changed = await client.patchToUrl(`/sessions/${items[0]?.id}`, new PatchSession({ consoleData: "note" }));
  expect(changed).toMatchObject({ id: items[0]?.id, consoleData: "note" });
  await client.delete(`/sessions/${items[0]?.id}`);
  expect(await client.get<Session>(`/sessions/${items[0]?.id}`)).toMatchObject({ ended: true });
});
