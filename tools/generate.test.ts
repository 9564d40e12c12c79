import { expect, test } from "vitest";
import { errorsPage, layerGraph } from "./generate.ts";
import { layerTable } from "./layers.ts";

const row = { code: "CALL_NOT_FOUND", category: "not-found", message: "No call | here.", folder: "src/calls" };

test("the errors page has a row for each code", () => {
  expect(errorsPage([row])).toContain("| `CALL_NOT_FOUND` | not-found | No call \\| here. | src/calls |");
});

test("one code in two registries is an error", () => {
  expect(() => errorsPage([row, { ...row, folder: "src/flows" }])).toThrow(/CALL_NOT_FOUND is in two registries/);
});

test("the graph shows layers, side folders and arrows, but not the ones to kernel", () => {
  const imports = { "": ["calls", "store"], calls: ["kernel", "sip"], sip: ["kernel"], store: ["calls"] };
  const graph = new Map(Object.entries(imports).map(([from, to]) => [from, new Set(to)]));
  expect(layerGraph(graph, layerTable).split("\n")).toEqual([
    "```mermaid",
    "flowchart TB",
    '  subgraph layer4["layer 4"]',
    "    calls",
    "  end",
    '  subgraph layer2["layer 2"]',
    "    sip",
    "  end",
    '  subgraph layer0["layer 0"]',
    "    kernel",
    "  end",
    '  subgraph side["beside the layers"]',
    "    store",
    "  end",
    "  calls --> sip",
    "  store --> calls",
    "```",
  ]);
});
