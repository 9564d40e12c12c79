import { type Parsed, parsed, unparsed } from "../../../../kernel/index.ts";
import type { Tree } from "./tree.ts";

export function formatJson(tree: Tree): string {
  return JSON.stringify(tree);
}

export function parseJson(text: string): Parsed<Tree> {
  try {
    return parsed(JSON.parse(text) as Tree);
  } catch (error) {
    return unparsed(error instanceof Error ? error.message : "not JSON");
  }
}
