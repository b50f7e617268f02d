/**
 * Stryker's test runner for the rules: it loads the unit tests once, and lets each mutant loose on those that reach it, in the same
 * process. They are pure and take a millisecond each, so that starting a test runner for each mutant would cost a hundred times
 * what running them does.
 */
import { readdirSync } from "node:fs";
import { registerHooks } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { MutantCoverage } from "@stryker-mutator/api/core";
import { declareFactoryPlugin, PluginKind } from "@stryker-mutator/api/plugin";
import {
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  TestStatus,
} from "@stryker-mutator/api/test-runner";
import { type CollectedTest, takeCollected } from "./collect.ts";

const COLLECT = new URL("./collect.ts", import.meta.url).href;
const FOLDERS = ["test/events", "test/lifecycle", "test/members"];
/** Holds both sides of the table to one model: too slow for each mutant, and the other side is not mutated. */
const LEFT_OUT = /\.property\.test\.ts$/;

/** What the instrumented sources read and write, by the name that Stryker gives it. */
interface Instrumented {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: MutantCoverage;
}
declare global {
  var __stryker__: Instrumented | undefined;
}
globalThis.__stryker__ ??= {};
const instrumented = globalThis.__stryker__;

interface Loaded extends CollectedTest {
  readonly id: string;
  readonly fileName: string;
}

/** The error that the test ends with; undefined: none. */
async function failureOf(test: Loaded): Promise<unknown> {
  try {
    await test.run();
    return undefined;
  } catch (error) {
    return error ?? new Error("the test threw nothing at all");
  }
}

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

class InProcessRunner implements TestRunner {
  readonly #tests: Loaded[] = [];

  // A mutant that only counts while a module is loaded would need a process of its own.
  capabilities() {
    return { reloadEnvironment: false };
  }

  /** Loads every test file of the copy of the project that Stryker has made, which is the working directory. */
  async init(): Promise<void> {
    registerHooks({
      resolve: (specifier, context, next) =>
        specifier === "vitest" && context.parentURL !== COLLECT
          ? { url: COLLECT, shortCircuit: true }
          : next(specifier, context),
    });
    for (const folder of FOLDERS) {
      for (const file of readdirSync(folder).sort()) {
        if (!file.endsWith(".test.ts") || LEFT_OUT.test(file)) continue;
        const fileName = path.resolve(folder, file);
        await import(pathToFileURL(fileName).href);
        this.#tests.push(
          ...takeCollected().map((test) => ({ ...test, fileName, id: `${folder}/${file} > ${test.name}` })),
        );
      }
    }
  }

  async dryRun(): Promise<DryRunResult> {
    const tests: TestResult[] = [];
    for (const test of this.#tests) {
      const { id, name, fileName } = test;
      instrumented.currentTestId = id;
      const began = performance.now();
      const error = await failureOf(test);
      const told = { id, name, fileName, timeSpentMs: performance.now() - began };
      tests.push(
        error === undefined
          ? { ...told, status: TestStatus.Success }
          : { ...told, status: TestStatus.Failed, failureMessage: words(error) },
      );
    }
    instrumented.currentTestId = undefined;
    const { mutantCoverage } = instrumented;
    return { status: DryRunStatus.Complete, tests, ...(mutantCoverage && { mutantCoverage }) };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit }: MutantRunOptions): Promise<MutantRunResult> {
    const reaching = testFilter && new Set(testFilter);
    let nrOfTests = 0;
    instrumented.activeMutant = activeMutant.id;
    instrumented.hitCount = 0;
    instrumented.hitLimit = hitLimit;
    try {
      for (const test of this.#tests) {
        if (reaching && !reaching.has(test.id)) continue;
        nrOfTests += 1;
        const error = await failureOf(test);
        if (hitLimit !== undefined && instrumented.hitCount > hitLimit)
          return { status: MutantRunStatus.Timeout, reason: "goes on for ever" };
        if (error !== undefined)
          return { status: MutantRunStatus.Killed, killedBy: [test.id], failureMessage: words(error), nrOfTests };
      }
      return { status: MutantRunStatus.Survived, nrOfTests };
    } finally {
      instrumented.activeMutant = undefined;
    }
  }
}

const inProcess = Object.assign(() => new InProcessRunner(), { inject: [] as const });

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, "in-process", inProcess)];
