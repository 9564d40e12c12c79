import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, test } from "vitest";
import {
  Closers,
  failure,
  loopback,
  openTransport,
  openWith,
  optionsBytes,
  optionsRequest,
  serverTls,
  tlsFixture,
} from "../../../../test/support/sip-transports.ts";
import { responseTo } from "../../message/builder.ts";
import type { TlsSettings } from "../tls/certificates.ts";

const closers = new Closers();
afterEach(() => closers.close());

const request = optionsRequest("SIP/2.0/TLS a.invalid;branch=z9hG4bK1;rport");

async function client(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: loopback, port, ca: await readFile(tlsFixture("ca.crt")), servername: "sip.example.test", ...options });
  closers.add(() => socket.destroy());
  socket.on("error", () => undefined);
  await new Promise((settled) => socket.once("secureConnect", settled).once("close", settled));
  return socket;
}

const commonName = (socket: TLSSocket) => socket.getPeerCertificate().subject.CN;

describe("as client", () => {
  test("a request gets there and its response comes back on the same connection, which the next request uses too", async () => {
    const a = await openTransport(closers, { tls: serverTls });
    const b = await openWith(closers, "tls");
    const destination = { ...b.address, name: "sip.example.test" };
    a.transport.send(request, destination);
    const [received, source] = await b.inbox.nextRequest();
    expect(source).toMatchObject({ protocol: "tls", address: loopback, listener: `tls://${loopback}:${b.listener.port}` });
    expect(received.headers.get("Via")).toBe(`SIP/2.0/TLS a.invalid;branch=z9hG4bK1;received=${loopback};rport=${source.port}`);
    b.transport.send(responseTo(received, 200, { toTag: "t" }), source);
    expect((await a.inbox.next())[0]).toMatchObject({ kind: "response", status: 200 });
    // In-dialog requests go to an address that has no name of its own.
    a.transport.send(request, b.address);
    expect((await b.inbox.next())[1]).toEqual(source);
    expect(a.transport.counters).toMatchObject({ connectionsOpened: 1, handshakeFailures: 0 });
  });

  test.each([
    ["the wrong host", "wrong.example.test", {}, "does not match certificate's altnames"],
    ["an unknown CA", "sip.example.test", { caFile: undefined }, "certificate"],
  ])("%s is refused", async (_what, name, tls: Partial<TlsSettings>, reason) => {
    const a = await openTransport(closers, { tls: { ...serverTls, ...tls } });
    const b = await openWith(closers, "tls");
    expect(await failure((failed) => a.transport.send(request, { ...b.address, name }, failed))).toContain(reason);
    await expect.poll(() => a.transport.counters).toMatchObject({ handshakeFailures: 1, connections: 0 });
    expect(b.transport.counters.received).toBe(0);
  });

  test("the address counts when there is no name, and nothing is checked when that is switched off", async () => {
    const b = await openWith(closers, "tls");
    const checking = await openTransport(closers, { tls: serverTls });
    checking.transport.send(request, b.address);
    await b.inbox.next();
    const trusting = await openTransport(closers, { tls: { ...serverTls, caFile: undefined, verifiesServers: false } });
    trusting.transport.send(request, { ...b.address, name: "wrong.example.test" });
    await b.inbox.next();
  });

  test("another name at the same address is another connection (RFC 5922 §4)", async () => {
    const a = await openTransport(closers, { tls: serverTls });
    const b = await openWith(closers, "tls");
    for (const name of ["sip.example.test", "other.example.test"]) a.transport.send(request, { ...b.address, name });
    expect((await b.inbox.next())[1].port).not.toBe((await b.inbox.next())[1].port);
  });

  test("a server that is no TLS server is a failure, and one that says nothing is given up in time", async () => {
    const a = await openTransport(closers, { tls: serverTls });
    const plain = await openTransport(closers);
    plain.transport.onMalformed((bad, status, _reason, source) => plain.transport.send(responseTo(bad, status), source));
    const destination = { protocol: "tls", address: loopback, port: plain.transport.port } as const;
    const reason = failure((failed) => a.transport.send(request, destination, failed));
    await expect.poll(() => plain.transport.counters.connections).toBe(1);
    a.clock.advance(4_000);
    expect(await reason).toBe("connect timed out");
    await expect.poll(() => a.transport.counters.connections).toBe(0);
  });
});

describe("as server", () => {
  test("shows the certificate of the name that is asked for, in any case, and the default otherwise", async () => {
    const { listener } = await openWith(closers, "tls");
    expect(commonName(await client(listener.port, { servername: "OTHER.example.test" }))).toBe("other.example.test");
    expect(commonName(await client(listener.port, { servername: "unknown.example.test", rejectUnauthorized: false }))).toBe(
      "sip.example.test",
    );
    expect(commonName(await client(listener.port, { servername: "" }))).toBe("sip.example.test");
  });

  test("TLS 1.1 is refused", async () => {
    const { transport, listener } = await openWith(closers, "tls");
    const old = await client(listener.port, { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" });
    expect(old.destroyed).toBe(true);
    await expect.poll(() => transport.counters).toMatchObject({ handshakeFailures: 1, connections: 0 });
  });

  test.each([
    ["off", "none", true],
    ["off", "stranger", true],
    ["ask", "none", true],
    ["ask", "client", true],
    ["require", "none", false],
    ["require", "stranger", false],
    ["require", "client", true],
  ] as const)("client certificates %s: %s is taken: %s", async (clientCertificates, shown, isTaken) => {
    const { transport, inbox, listener } = await openWith(closers, "tls", { tls: { ...serverTls, clientCertificates } });
    const own =
      shown === "none" ? {} : { cert: await readFile(tlsFixture(`${shown}.crt`)), key: await readFile(tlsFixture(`${shown}.key`)) };
    const socket = await client(listener.port, own);
    socket.write(optionsBytes("tls"));
    if (isTaken) expect((await inbox.next())[1].protocol).toBe("tls");
    else await expect.poll(() => transport.counters).toMatchObject({ handshakeFailures: 1, connections: 0, received: 0 });
  });

  test("renewed certificates are taken up, with and without a name; half written ones are not", async () => {
    const directory = await mkdtemp(join(tmpdir(), "cw-tls-"));
    closers.add(() => rm(directory, { recursive: true }));
    const put = async (from: string, to = "default") => {
      for (const kind of ["crt", "key"]) await copyFile(tlsFixture(`${from}.${kind}`), join(directory, `${to}.${kind}`));
    };
    await put("server/default");
    const { clock, listener } = await openWith(closers, "tls", { tls: { ...serverTls, directory } });
    const serial = async (servername: string) => {
      const socket = await client(listener.port, { servername, rejectUnauthorized: false });
      return socket.getPeerCertificate().serialNumber;
    };
    const first = await serial("");
    await writeFile(join(directory, "default.crt"), "-----BEGIN CERT");
    clock.advance(30_000);
    expect(await serial("")).toBe(first);
    await put("renewed");
    await put("server/other.example.test", "late.example.test");
    await expect
      .poll(async () => {
        clock.advance(30_000);
        return [(await serial("")) !== first, (await serial("sip.example.test")) !== first];
      })
      .toEqual([true, true]);
    expect(commonName(await client(listener.port, { servername: "late.example.test", rejectUnauthorized: false }))).toBe(
      "other.example.test",
    );
  });

  test("without a usable default certificate there is no listener", async () => {
    const directory = await mkdtemp(join(tmpdir(), "cw-tls-"));
    closers.add(() => rm(directory, { recursive: true }));
    await expect(openWith(closers, "tls", { tls: { ...serverTls, directory } })).rejects.toThrow("default.crt");
  });
});
