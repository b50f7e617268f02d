import { defineConfig } from "vitest/config";

/**
 * Two projects, run one after the other by `npm test`: `fast` in threads that share their modules (20 files in a second
 * instead of eight), and `e2e`, whole clusters of real processes, one file at a time.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "fast",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**"],
          pool: "threads",
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          pool: "forks",
          fileParallelism: false,
          testTimeout: 420_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
