/**
 * A client that behaves, on a network that does not: replies are lost, connects are sent twice, sockets break. With acks it has every
 * event exactly once and in order; without them it has them in order, and all of them while nothing is lost.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ann, BayeuxHouse, delivered, FakeLink } from "../../../test/support/fakes/bayeux.ts";

type Step = "publish" | "connect" | "lose" | "break" | "wait" | "move";
const steps = (kinds: readonly Step[]) => fc.array(fc.constantFrom(...kinds), { maxLength: 60 });

class Reader {
  readonly house = new BayeuxHouse({ maxIntervalMs: 1_000_000 });
  readonly clientId: string;
  readonly events: unknown[] = [];
  published = 0;
  pushes = false;
  readonly #acknowledges: boolean;
  #link: FakeLink | undefined;
  #read = 0;
  #batch = 0;
  #id = 0;

  constructor(acknowledges: boolean) {
    this.#acknowledges = acknowledges;
    this.clientId = this.house.subscriber("/a/**", acknowledges ? { ext: { ack: true } } : {});
  }

  async publish(): Promise<void> {
    this.house.protocol.publish("ann", "/a/b", this.published++);
    await delivered();
  }

  /** Reads what came, then asks for more. A socket stays, a request is a new one each time. */
  connect(fields: object = {}): void {
    this.read();
    const link = this.pushes && this.#link?.canPush === true ? this.#link : new FakeLink(ann, this.pushes);
    if (link !== this.#link) this.#read = 0;
    this.#link = link;
    const ext = this.#acknowledges ? { ext: { ack: this.#batch } } : {};
    this.house.connect(this.clientId, { id: String(++this.#id), ...ext, ...fields }, link);
  }

  read(): void {
    const messages = this.#link?.messages ?? [];
    for (const message of messages.slice(this.#read)) {
      if ("data" in message) this.events.push(message.data);
      if (typeof message.ext?.["ack"] === "number") this.#batch = message.ext["ack"];
    }
    this.#read = messages.length;
  }

  /** What was sent and not read yet never arrives. */
  lose(): void {
    this.#read = this.#link?.messages.length ?? 0;
  }

  break(): void {
    if (this.#link !== undefined) this.house.protocol.lose(this.#link);
    this.#link = undefined;
    this.#read = 0;
  }
}

test("with acks: exactly once and in order over a network that loses replies and breaks sockets", async () => {
  await fc.assert(
    fc.asyncProperty(steps(["publish", "publish", "connect", "lose", "break", "wait", "move"]), async (sequence) => {
      const reader = new Reader(true);
      for (const step of sequence) {
        if (step === "publish") await reader.publish();
        if (step === "connect") reader.connect();
        if (step === "lose") reader.lose();
        if (step === "break") reader.break();
        if (step === "wait") reader.house.clock.advance(31_000);
        if (step === "move") {
          // A client moves to another transport after the old one failed it.
          reader.break();
          reader.pushes = !reader.pushes;
        }
      }
      reader.connect({ advice: { timeout: 0 } });
      reader.connect({ advice: { timeout: 0 } });
      reader.read();
      expect(reader.events).toEqual(Array.from({ length: reader.published }, (_, index) => index));
    }),
  );
});

test.each([false, true])("without acks: exactly once and in order while nothing is lost (pushed: %s)", async (pushes) => {
  await fc.assert(
    fc.asyncProperty(steps(["publish", "publish", "connect", "wait", "break"]), async (sequence) => {
      const reader = new Reader(false);
      reader.pushes = pushes;
      for (const step of sequence) {
        if (step === "publish") await reader.publish();
        if (step === "connect") reader.connect();
        if (step === "wait") reader.house.clock.advance(31_000);
        if (step === "break") {
          reader.read();
          reader.break();
        }
      }
      reader.connect({ advice: { timeout: 0 } });
      reader.read();
      expect(reader.events).toEqual(Array.from({ length: reader.published }, (_, index) => index));
    }),
  );
});
