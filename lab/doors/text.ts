/** Scalars as text: in form bodies, XML elements and HTTP headers. */
import { expectBoolean, expectBytes, expectDate, expectNumber, expectString } from "./fit.ts";
import type { Scalar, TimestampFormat } from "./shapes.ts";
import { Misfit } from "./wire.ts";

/** Reads a request's text; `fallback` is the protocol's own timestamp format. */
export function parseText(shape: Scalar, text: string, path: string, fallback: TimestampFormat): unknown {
  switch (shape.kind) {
    case "string":
      return text;
    case "number": {
      const number = Number(text);
      if (text.trim() === "" || Number.isNaN(number)) throw new Misfit("wrong", path, `"${text}" is not a number`);
      return number;
    }
    case "boolean":
      if (text !== "true" && text !== "false") throw new Misfit("wrong", path, `"${text}" is neither true nor false`);
      return text === "true";
    case "timestamp":
      return parseTimestamp(shape.format ?? fallback, text, path);
    case "blob":
      return new Uint8Array(Buffer.from(text, "base64"));
    case "document":
      throw new Misfit("wrong", path, "a document cannot be text");
  }
}

/** Writes an answer's scalar. */
export function formatText(shape: Scalar, value: unknown, path: string, fallback: TimestampFormat): string {
  switch (shape.kind) {
    case "string":
      return expectString(value, path);
    case "number":
      return String(expectNumber(value, path));
    case "boolean":
      return String(expectBoolean(value, path));
    case "timestamp":
      return String(formatTimestamp(shape.format ?? fallback, expectDate(value, path)));
    case "blob":
      return Buffer.from(expectBytes(value, path)).toString("base64");
    case "document":
      throw new Misfit("wrong", path, "a document cannot be text");
  }
}

/** ISO 8601, an HTTP date, or seconds since the epoch with or without a fraction; clients send either, whatever is asked. */
export function parseTimestamp(format: TimestampFormat, value: string | number, path: string): Date {
  const seconds = format === "epoch-seconds" || typeof value === "number" ? Number(value) : Number.NaN;
  const date = new Date(Number.isNaN(seconds) ? value : Math.round(seconds * 1000));
  if (Number.isNaN(date.getTime())) throw new Misfit("wrong", path, `"${value}" is not a time`);
  return date;
}

export function formatTimestamp(format: TimestampFormat, date: Date): string | number {
  switch (format) {
    case "date-time":
      return date.toISOString();
    case "http-date":
      return date.toUTCString();
    case "epoch-seconds":
      return date.getTime() / 1000;
  }
}
