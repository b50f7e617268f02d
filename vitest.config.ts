import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The file that takes longest begins first, so that all others are over meanwhile. */
class ToursFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => (moduleId.endsWith("/e2e/tours.test.ts") ? 0 : 1);
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

/**
 * Two projects, run one after the other by `npm test`: `fast` in threads that share their modules (20 files in a second
 * instead of eight), and `e2e`, whole clusters of real processes: one tour at a time, and beside it one of the other files.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: ToursFirst },
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
          globalSetup: ["test/e2e/fetch.ts"],
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 420_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
