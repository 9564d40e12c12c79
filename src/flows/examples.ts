/** Flow documents to start from. */
import type { FlowDocument } from "./document.ts";

/** The flow of the first run: greets, asks for one digit, repeats it, says goodbye. */
export const demoFlow: FlowDocument = {
  start: "greet",
  nodes: {
    greet: { verb: "say", text: "Hello {{ caller.number | digits }}. This is Callwright.", exits: { done: "ask" } },
    ask: {
      verb: "collect",
      prompt: [{ say: "Please press one digit on your phone." }],
      maxDigits: 1,
      finishOn: "",
      timeoutMs: 6000,
      into: "choice",
      exits: { digits: "confirm", timeout: "nothing" },
    },
    confirm: { verb: "say", text: "You pressed {{ choice | digits }}.", exits: { done: "goodbye" } },
    nothing: { verb: "say", text: "I did not hear a digit.", exits: { done: "goodbye" } },
    goodbye: { verb: "say", text: "Thank you for calling. Goodbye.", exits: { done: "end" } },
    end: { verb: "hang-up" },
  },
};

/** Asks for a digit and branches on it; three tries. */
export const menuFlow: FlowDocument = {
  start: "ask",
  variables: { tries: 0 },
  nodes: {
    ask: {
      verb: "collect",
      prompt: [{ say: "For sales, press 1. For support, press 2." }],
      maxDigits: 1,
      options: ["1", "2"],
      into: "choice",
      exits: { digits: "route", timeout: "count", "no-match": "count" },
    },
    route: { verb: "branch", branches: [{ when: "choice == '1'", exit: "sales" }], exits: { sales: "sales", else: "support" } },
    sales: { verb: "say", text: "Welcome to sales.", exits: { done: "end" } },
    support: { verb: "say", text: "Welcome to support.", exits: { done: "end" } },
    count: { verb: "set", expressions: { tries: "tries + 1" }, exits: { done: "again" } },
    again: { verb: "branch", branches: [{ when: "tries < 3", exit: "yes" }], exits: { yes: "ask", else: "end" } },
    end: { verb: "hang-up" },
  },
};

/** Calls a second party; takes a message when nobody answers. */
export const reachFlow: FlowDocument = {
  start: "dial",
  nodes: {
    dial: {
      verb: "dial",
      to: "+12025550100",
      ringMs: 20000,
      into: "talk",
      exits: { busy: "message", "no-answer": "message", failed: "message" },
    },
    message: {
      verb: "record",
      prompt: [{ say: "Nobody can take your call. Please leave a message after the tone." }],
      maxMs: 120000,
      into: "recording",
      exits: { done: "thanks" },
    },
    thanks: { verb: "say", text: "Thank you." },
  },
};
