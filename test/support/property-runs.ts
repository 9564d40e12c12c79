/**
 * Property tests try more inputs in CI than on a desk. A failing property prints its seed and path; pass both to fc.assert
 * to see the same failure, and keep the input as an ordinary test case.
 */
import { configureGlobal } from "fast-check";

configureGlobal({ numRuns: process.env["CI"] === "true" ? 500 : 100, verbose: true });
