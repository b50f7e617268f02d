/** S3 as far as it is modelled: objects in buckets. Every bucket exists, and has what was put into it. */
import { createHash } from "node:crypto";
import { AwsError } from "../service.ts";
import { Timeline } from "../timeline.ts";
import type { World } from "../world.ts";

export interface StoredObject {
  readonly bucket: string;
  readonly key: string;
  readonly body: Uint8Array;
  readonly etag: string;
  /** ms since the epoch, on a whole second: HTTP knows no finer. */
  readonly modified: number;
}

const nameOf = (bucket: string, key: string): string => `${bucket}/${key}`;

export class Objects {
  readonly #world: World;
  readonly #objects: Timeline<StoredObject>;

  constructor(world: World) {
    this.#world = world;
    this.#objects = new Timeline(() => world.now());
  }

  find(bucket: string, key: string, asOf?: number): StoredObject | undefined {
    return this.#objects.get(nameOf(bucket, key), asOf);
  }

  /** Throws NoSuchKey. */
  get(bucket: string, key: string, asOf?: number): StoredObject {
    const found = this.find(bucket, key, asOf);
    if (found) return found;
    throw new AwsError("NoSuchKey", "The specified key does not exist.", 404, { Key: key });
  }

  put(bucket: string, key: string, body: Uint8Array): StoredObject {
    const etag = `"${createHash("md5").update(body).digest("hex")}"`;
    const modified = Math.floor(this.#world.now() / 1000) * 1000;
    const object = { bucket, key, body, etag, modified };
    this.#objects.set(nameOf(bucket, key), object);
    return object;
  }

  delete(bucket: string, key: string): void {
    this.#objects.delete(nameOf(bucket, key));
  }
}
