import { defineConfig } from "vitest/config";

/** The unit tests that `stryker.config.js` runs: of the rules alone. What holds both tables to one model is too slow for each mutant. */
export default defineConfig({
  test: {
    include: ["test/{lifecycle,members,events}/**/*.test.ts"],
    exclude: ["test/members/table.property.test.ts"],
    pool: "threads",
    isolate: false,
  },
});
