import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Reader, Writer } from "../../../lab/workload/bytes.ts";
import { crc32c, decodeBatches, encodeBatch } from "../../../lab/workload/records.ts";

/** As a leader stores it: with its offset in front. */
function stored(value: string, offset: number): Buffer {
  const batch = encodeBatch(value, 1_700_000_000_000);
  batch.writeBigInt64BE(BigInt(offset));
  return batch;
}

describe("record batches", () => {
  test("come back as they were written, one after the other", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { maxLength: 5 }), (values) => {
        const bytes = Buffer.concat(values.map((value, index) => stored(value, 100 + index)));
        expect(decodeBatches(bytes)).toEqual(values.map((value, index) => ({ offset: 100 + index, value })));
      }),
    );
  });

  test("that are cut short at the end are left for the next look", () => {
    const whole = stored("first", 7);
    const bytes = Buffer.concat([whole, stored("second", 8)]);
    for (let length = whole.length; length < bytes.length; length++) {
      expect(decodeBatches(bytes.subarray(0, length))).toEqual([{ offset: 7, value: "first" }]);
    }
  });

  test("that are damaged are refused", () => {
    const bytes = stored("value", 7);
    for (let at = 21; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x10, at);
      expect(() => decodeBatches(damaged)).toThrow("the batch at offset 7 is damaged");
    }
  });

  test("are checked by CRC-32C", () => {
    // The check value of CRC-32C in every catalogue of CRCs, and RFC 3720, B.4: 32 bytes of zeroes.
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
  });
});

describe("variable-length integers", () => {
  test("come back as they were written", () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(new Reader(new Writer().varint(value).done()).varint()).toBe(value);
      }),
    );
  });

  test.each([
    [0, [0]],
    [-1, [1]],
    [1, [2]],
    [63, [126]],
    [64, [128, 1]],
    [-65, [129, 1]],
  ])("%i takes the bytes %j", (value, bytes) => {
    expect([...new Writer().varint(value).done()]).toEqual(bytes);
  });
});
