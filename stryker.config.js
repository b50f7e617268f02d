/**
 * Mutation tests of the rules (`npm run stryker`, some minutes): does some unit test fail for every change of an operator, a
 * condition or a value? Not part of `npm test`.
 */
export default {
  plugins: ["./test/mutation/runner.ts"],
  testRunner: "in-process",
  mutate: ["shared/lifecycle/**/*.ts", "shared/members/**/*.ts"],
  coverageAnalysis: "perTest",
  // What is computed once, when a module is loaded, would need all tests in a new process for each of them.
  ignoreStatic: true,
  // It would rewrite tsconfig.json for its copy, by a function that TypeScript 7 no longer has.
  tsconfigFile: "none",
  concurrency: 2,
  reporters: ["clear-text", "json"],
  jsonReporter: { fileName: ".lab/mutation.json" },
  tempDirName: ".lab/stryker",
  thresholds: { high: 95, low: 90, break: 90 },
};
