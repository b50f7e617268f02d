/** Record batches of the present format (magic 2): <https://kafka.apache.org/documentation/#recordbatch>. */
import { Reader, Writer } from "./bytes.ts";

export interface StoredRecord {
  readonly offset: number;
  readonly value: string;
}

const MAGIC = 2;
const NONE = -1;
/** Bit of a batch's attributes: written by Kafka itself, e.g. at the end of a transaction. */
const CONTROL = 0x20;
const COMPRESSION = 0x07;

/** One record without a key, in a batch of its own; `time` in ms since the epoch. */
export function encodeBatch(value: string, time: number): Buffer {
  const text = Buffer.from(value, "utf8");
  const record = new Writer().int8(0).varint(0).varint(0).varint(NONE).varint(text.length).raw(text).varint(0).done();
  const body = new Writer()
    .int16(0) // attributes: neither compressed nor transactional
    .int32(0) // last offset delta
    .int64(time)
    .int64(time)
    .int64(NONE) // producer id: not idempotent
    .int16(NONE)
    .int32(NONE)
    .int32(1)
    .varint(record.length)
    .raw(record)
    .done();
  const rest = new Writer().int32(NONE).int8(MAGIC).uint32(crc32c(body)).raw(body).done();
  return new Writer().int64(0).bytes(rest).done();
}

/**
 * All records of whole batches; Kafka may cut the last one short.
 *
 * @throws {Error} where a batch is damaged, or of a kind that nobody writes here
 */
export function decodeBatches(bytes: Buffer): StoredRecord[] {
  const records: StoredRecord[] = [];
  const reader = new Reader(bytes);
  while (reader.left >= 12) {
    const baseOffset = reader.int64();
    const length = reader.int32();
    if (length > reader.left) break;
    records.push(...decodeBatch(baseOffset, new Reader(reader.raw(length))));
  }
  return records;
}

function decodeBatch(baseOffset: number, batch: Reader): StoredRecord[] {
  const fail = (what: string) => new Error(`the batch at offset ${baseOffset} ${what}`);
  batch.int32(); // partition leader epoch
  if (batch.int8() !== MAGIC) throw fail("is of another format");
  const crc = batch.uint32();
  const body = batch.raw(batch.left);
  if (crc32c(body) !== crc) throw fail("is damaged: its checksum is wrong");
  const reader = new Reader(body);
  const attributes = reader.int16();
  if (attributes & COMPRESSION) throw fail("is compressed");
  reader.raw(34); // last offset delta, timestamps, producer id and epoch, base sequence
  const count = reader.int32();
  if (attributes & CONTROL) return [];
  return Array.from({ length: count }, () => decodeRecord(baseOffset, new Reader(reader.raw(reader.varint()))));
}

function decodeRecord(baseOffset: number, record: Reader): StoredRecord {
  record.int8(); // attributes
  record.varint(); // timestamp delta
  const offset = baseOffset + record.varint();
  const key = record.varint();
  if (key > 0) record.raw(key);
  const length = record.varint();
  return { offset, value: length > 0 ? record.raw(length).toString("utf8") : "" };
}

/** CRC-32C (Castagnoli), reflected, as RFC 3720 has it. */
export function crc32c(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC32C[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const CRC32C = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? 0x82f63b78 ^ (crc >>> 1) : crc >>> 1;
  return crc;
});
