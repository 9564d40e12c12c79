import { createServer } from "node:net";
import { expect, test } from "vitest";
import { listening } from "./listening.ts";

const names = { name: "HTTP", hostSetting: "CALLWRIGHT_HTTP_HOST", portSetting: "CALLWRIGHT_HTTP_PORT" };

function listen(host: string, port: number) {
  const server = createServer();
  const opening = new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  return { opening, close: () => server.close() };
}

test("a port that another program has is named with the setting that changes it", async () => {
  const first = listen("127.0.0.1", 0);
  const port = await first.opening;
  const second = listening({ ...names, host: "127.0.0.1", port }, listen("127.0.0.1", port).opening);
  await expect(second).rejects.toMatchObject({
    code: "CONFIG_ADDRESS_UNUSABLE",
    message: expect.stringMatching(`^HTTP cannot listen on 127.0.0.1:${port}: another program has this port.*CALLWRIGHT_HTTP_PORT`),
  });
  first.close();
});

test("an address of another machine is named with its setting", async () => {
  const opening = listening({ ...names, host: "203.0.113.7", port: 0 }, listen("203.0.113.7", 0).opening);
  await expect(opening).rejects.toThrow(/^HTTP cannot listen on 203.0.113.7:0: this machine has no such address.*CALLWRIGHT_HTTP_HOST/);
});

test("any other failure stays what it is", async () => {
  const defect = new Error("defect");
  await expect(listening({ ...names, host: "::1", port: 1 }, Promise.reject(defect))).rejects.toBe(defect);
});
