/** Runs once before all tests. Outside npm scripts a machine's own, older Node would run them and fail in puzzling ways. */
export function setup(): void {
  const oldest = 24;
  const major = Number(process.versions.node.split(".")[0]);
  if (major < oldest) {
    throw new Error(
      `The tests need Node ${oldest} or later and run on ${process.versions.node}: use npm test, or npx vitest in this folder.`,
    );
  }
}
