/** Command documents and their versions. */
import { AwsError } from "../service.ts";
import type { World } from "../world.ts";
import { type Content, parseContent } from "./content.ts";

export interface DocumentVersion {
  readonly version: number;
  readonly text: string;
  readonly content: Content;
  readonly created: number;
}

export interface SsmDocument {
  readonly name: string;
  /** The one that commands run which name none. */
  readonly defaultVersion: number;
  /** Oldest first. */
  readonly versions: readonly DocumentVersion[];
}

const MAX_BYTES = 64 * 1024;

export class Documents {
  readonly #world: World;
  readonly #documents = new Map<string, SsmDocument>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Throws InvalidDocument. */
  get(name: string): SsmDocument {
    const found = this.#documents.get(name);
    if (found) return found;
    throw new AwsError("InvalidDocument", `Document with name ${name} does not exist.`);
  }

  /** `$DEFAULT`, `$LATEST` or a number; throws InvalidDocument, InvalidDocumentVersion. */
  version(name: string, wanted = "$DEFAULT"): DocumentVersion {
    const { versions, defaultVersion } = this.get(name);
    const numbers: Record<string, number> = { $DEFAULT: defaultVersion, $LATEST: versions.length };
    const found = versions[(numbers[wanted] ?? Number(wanted)) - 1];
    if (found) return found;
    throw new AwsError("InvalidDocumentVersion", `Document ${name} has no version ${wanted}.`);
  }

  /** Throws DocumentAlreadyExists, MaxDocumentSizeExceeded, InvalidDocumentContent. */
  create(name: string, text: string): SsmDocument {
    if (this.#documents.has(name)) {
      throw new AwsError("DocumentAlreadyExists", `Document with name ${name} already exists.`);
    }
    return this.#write({ name, defaultVersion: 1, versions: [this.#parsed(text, 1)] });
  }

  /** Adds a version, which is not the default yet. Throws DuplicateDocumentContent and what `create` throws. */
  update(name: string, text: string): SsmDocument {
    const document = this.get(name);
    if (document.versions.some((version) => version.text === text)) {
      throw new AwsError(
        "DuplicateDocumentContent",
        "The content of the association document matches another document.",
      );
    }
    const added = this.#parsed(text, document.versions.length + 1);
    return this.#write({ ...document, versions: [...document.versions, added] });
  }

  setDefault(name: string, version: string): SsmDocument {
    return this.#write({ ...this.get(name), defaultVersion: this.version(name, version).version });
  }

  delete(name: string): void {
    this.#documents.delete(this.get(name).name);
  }

  #parsed(text: string, version: number): DocumentVersion {
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_BYTES) {
      throw new AwsError(
        "MaxDocumentSizeExceeded",
        `The size limit of a document is 64 KB, this one has ${bytes} bytes.`,
      );
    }
    return { version, text, content: parseContent(text), created: this.#world.now() };
  }

  #write(document: SsmDocument): SsmDocument {
    this.#documents.set(document.name, document);
    return document;
  }
}
