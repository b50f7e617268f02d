/**
 * The part of `sls` that is Rollcall's own: bundles the functions, and hands the stack's resources over.
 *
 * Packaging twice makes the same bytes. Bundles and zips have no times in them; a package is named after its content,
 * so that a function is updated when its code or the definition has changed, and not otherwise.
 */
import { createHash } from "node:crypto";
import { readFile, rename } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { DefinitionError } from "../shared/cluster/problems.ts";
import { bundle, filesOf } from "./bundle.ts";
import { deployProblems } from "./checks.ts";
import { type Cluster, type Options, readCluster } from "./cluster.ts";
import { existingGroupProblems } from "./existing-groups.ts";
import { type Code, FUNCTION_NAMES } from "./functions.ts";
import { countedOn, givenSecretProblems } from "./given-secrets.ts";
import type { FunctionName } from "./logical-ids.ts";
import { NODE_SCRIPT } from "./node-script.ts";
import { stackTemplate } from "./stack.ts";
import type { Output, Resources, Template } from "./template.ts";

/** What is used of osls (lib/serverless.js, lib/classes/plugin-manager.js). */
interface Serverless {
  readonly serviceDir: string;
  readonly processedInput: { readonly commands: readonly string[] };
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
  readonly pluginManager: { getPlugins(): readonly object[] };
  readonly service: {
    readonly package: { artifactDirectoryName?: string };
    readonly functions: Readonly<Record<FunctionName, { package?: { artifact?: string } }>>;
    readonly provider: {
      compiledCloudFormationTemplate: {
        Resources: Record<string, Resources[string]>;
        Outputs: Record<string, Output>;
      } & Pick<Template, "AWSTemplateFormatVersion" | "Description">;
    };
  };
  getProvider(name: "aws"): { getAwsSdkV3Config(): Promise<object> };
}

interface Writers {
  readonly log: { readonly warning: (text: string) => void; readonly notice: (text: string) => void };
}

/** osls' own packager: a deterministic zip of these files, under their paths below `prefix`, in `.serverless/`. */
interface Zipper {
  zipFiles(files: readonly string[], zipFileName: string, prefix: string): Promise<string>;
}

const BUILD = ".esbuild";

export default class RollcallPlugin {
  readonly hooks: Readonly<Record<string, () => Promise<void> | void>>;
  readonly #serverless: Serverless;
  readonly #log: Writers["log"];
  readonly #options: Options;

  constructor(serverless: Serverless, options: Options, { log }: Writers) {
    this.#serverless = serverless;
    this.#log = log;
    this.#options = options;
    this.hooks = {
      initialize: () => this.#checkDeployment(),
      "before:package:createDeploymentArtifacts": () => this.#bundle(),
      "after:aws:package:finalize:mergeCustomProviderResources": () => this.#compile(),
      "before:deploy:deploy": () => this.#stamp(),
      "after:remove:remove": () => this.#sayWhatIsLeft(),
    };
  }

  get #cluster(): Cluster {
    return readCluster(this.#options);
  }

  /** Before anything is made: what a deployment must not be tried with. */
  async #checkDeployment(): Promise<void> {
    const { source, definition } = this.#cluster;
    const command = this.#serverless.processedInput.commands.join(" ");
    const problems = deployProblems(definition);
    if (command === "package") {
      if (problems.length > 0) this.#log.warning(new DefinitionError(source, problems, "deployed").message);
      // The time would be part of it, and make each package another.
      this.#serverless.service.package.artifactDirectoryName = folderOf(definition.cluster, new Date(0));
    }
    if (command === "deploy function") {
      // osls would give the function its own settings, and other code than the stack's.
      throw this.#refusal("a function changes with its stack: leave out `function`");
    }
    if (command !== "deploy") return;
    const config = () => this.#serverless.getProvider("aws").getAwsSdkV3Config();
    if (definition.roles.some((role) => role.groups.some((group) => group.existing))) {
      problems.push(...(await existingGroupProblems(definition, await config())));
    }
    if (countedOn(definition).length > 0) problems.push(...(await givenSecretProblems(definition, await config())));
    if (problems.length === 0) return;
    throw this.#refusal(new DefinitionError(source, problems, "deployed").message);
  }

  /** An error that osls shows by its message alone. */
  #refusal(message: string): Error {
    return new this.#serverless.classes.Error(message, "ROLLCALL_REFUSED");
  }

  /** One package for each function, with what it needs and no more. */
  async #bundle(): Promise<void> {
    const { serviceDir, service } = this.#serverless;
    const outdir = join(serviceDir, BUILD, this.#cluster.definition.cluster);
    const metafile = await bundle({ outdir, definition: this.#cluster.definition });
    for (const name of FUNCTION_NAMES) {
      const files = filesOf(metafile, name);
      // The function that sees Kafka is told with each question what it has to know.
      if (name !== "kafka") files.push("definition.json");
      const paths = files.map((file) => join(outdir, file));
      const zip = await this.#zipper().zipFiles(paths, `${name}.zip`, outdir);
      // Relative, so that what osls writes down does not depend on where this is done.
      service.functions[name].package = { artifact: relative(serviceDir, await namedByContent(zip, name)) };
    }
  }

  #zipper(): Zipper {
    const found = this.#serverless.pluginManager.getPlugins().find((plugin) => "zipFiles" in plugin);
    if (!found) throw new Error("osls has no zipFiles any more: this plugin was written for osls 4.3");
    return found as Zipper;
  }

  /** The deployment's bucket is osls' own; all else is resources/'s, functions included. */
  #compile(): void {
    const template = this.#serverless.service.provider.compiledCloudFormationTemplate;
    const codeOf = (name: FunctionName): Code => {
      const resource = Object.entries(template.Resources).find(
        ([, { Type, Properties }]) => Type === "AWS::Lambda::Function" && Properties.Handler === `${name}.handler`,
      );
      if (!resource) throw new Error(`serverless.yml has no function ${name}`);
      return resource[1].Properties.Code as Code;
    };
    const code = { lifecycle: codeOf("lifecycle"), sweep: codeOf("sweep"), kafka: codeOf("kafka") };
    const bucket = Object.entries(template.Resources).filter(([, { Type }]) => Type.startsWith("AWS::S3::"));
    const stack = stackTemplate(this.#cluster.definition, { script: NODE_SCRIPT, code });
    Object.assign(template, stack, {
      Resources: { ...Object.fromEntries(bucket), ...stack.Resources },
      Outputs: { ...template.Outputs, ...stack.Outputs },
    });
  }

  /**
   * What was packaged before is deployed under the time of its deployment: by that osls tells which was the last, and whether
   * there is anything new.
   */
  #stamp(): void {
    const { service } = this.#serverless;
    const packaged = folderOf(this.#cluster.definition.cluster, new Date(0));
    if (service.package.artifactDirectoryName !== packaged) return;
    const folder = folderOf(this.#cluster.definition.cluster, new Date());
    for (const { Type, Properties } of Object.values(service.provider.compiledCloudFormationTemplate.Resources)) {
      if (Type !== "AWS::Lambda::Function") continue;
      const code = Properties.Code as { S3Key: string };
      code.S3Key = code.S3Key.replace(packaged, folder);
    }
    service.package.artifactDirectoryName = folder;
  }

  #sayWhatIsLeft(): void {
    const { cluster } = this.#cluster.definition;
    this.#log.notice(
      `The table rollcall-${cluster} is kept: it says who was who. A new cluster must not begin with it: before you deploy\n` +
        `${cluster} again, switch its deletion protection off and delete it.`,
    );
  }
}

/** Where a deployment's files lie in its bucket; osls takes the last folder's name apart. */
function folderOf(cluster: string, time: Date): string {
  return `serverless/rollcall/${cluster}/${time.getTime()}-${time.toISOString()}`;
}

/** @returns the zip's new path */
async function namedByContent(zip: string, name: FunctionName): Promise<string> {
  const hash = createHash("sha256")
    .update(await readFile(zip))
    .digest("hex")
    .slice(0, 16);
  const path = join(dirname(zip), `${name}-${hash}.zip`);
  await rename(zip, path);
  return path;
}
