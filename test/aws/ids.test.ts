import { expect, test } from "vitest";
import { randomIds } from "../../shared/aws/ids.ts";

test("a Kafka uuid is sixteen bytes, no two alike, and none looks like an option", () => {
  const uuids = Array.from({ length: 1000 }, () => randomIds.kafkaUuid());

  expect(new Set(uuids).size).toBe(1000);
  for (const uuid of uuids) {
    expect(uuid).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/);
    expect(Buffer.from(uuid, "base64url")).toHaveLength(16);
  }
});
