import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatProperties, parseProperties } from "../../shared/config/properties.ts";

describe("formatProperties", () => {
  it("writes one line per setting, sorted by name", () => {
    expect(formatProperties({ b: "2", a: "1" })).toBe("a=1\nb=2\n");
  });

  it.each([
    ["a blank in front", { k: "  v v " }, "k=\\ \\ v v \n"],
    ["nothing but blanks", { k: " " }, "k=\\ \n"],
    [
      "separators in a value",
      { listeners: "PLAINTEXT://10.0.1.10:9092,a=b#c!d" },
      "listeners=PLAINTEXT://10.0.1.10:9092,a=b#c!d\n",
    ],
    ["separators in a name", { "a b=c:d": "v" }, "a\\ b\\=c\\:d=v\n"],
    ["comment signs in a name", { "#a!": "v" }, "\\#a\\!=v\n"],
    ["backslashes", { k: "C:\\new\\" }, "k=C:\\\\new\\\\\n"],
    ["line ends and tabs", { k: "a\nb\r\tc\f" }, "k=a\\nb\\r\\tc\\f\n"],
    ["control characters", { k: "\u0000\u007f" }, "k=\\u0000\\u007f\n"],
    ["whatever is not ASCII", { grün: "naïve 🦊" }, "gr\\u00fcn=na\\u00efve \\ud83e\\udd8a\n"],
    ["nothing", { k: "" }, "k=\n"],
  ])("escapes %s", (_, settings, text) => {
    expect(formatProperties(settings)).toBe(text);
  });

  it("is read back as it was, whatever the names and values", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom(..." \t\f\r\n\\=:#!uU0aé\u2028\ud83e") }),
    );
    fc.assert(
      fc.property(fc.dictionary(text, text, { noNullPrototype: true }), (settings) => {
        expect(parseProperties(formatProperties(settings))).toEqual(settings);
      }),
    );
  });

  it("is pure ASCII, and as many lines as there are settings", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), (settings) => {
        const lines = formatProperties(settings).split("\n");
        expect(lines).toHaveLength(Object.keys(settings).length + 1);
        for (const line of lines) expect(line).toMatch(/^[ -~]*$/);
      }),
    );
  });
});

describe("parseProperties", () => {
  // The examples of java.util.Properties' own documentation.
  it.each([
    ["Truth = Beauty", { Truth: "Beauty" }],
    [" Truth:Beauty", { Truth: "Beauty" }],
    ["Truth                    :Beauty", { Truth: "Beauty" }],
    [
      "fruits apple, banana, pear, \\\n       cantaloupe, watermelon",
      { fruits: "apple, banana, pear, cantaloupe, watermelon" },
    ],
    ["cheeses", { cheeses: "" }],
    ["\\:\\= v", { ":=": "v" }],
  ])("reads %j as Java does", (text, settings) => {
    expect(parseProperties(text)).toEqual(settings);
  });

  it("skips comments and blank lines, also between lines that end in every way", () => {
    expect(parseProperties("# a=1\r\n  ! b=2\r\n\r\nc=3\r\t\nd=4")).toEqual({ c: "3", d: "4" });
  });

  it("takes a comment sign in a continued line for text", () => {
    expect(parseProperties("a=1,\\\n  #2")).toEqual({ a: "1,#2" });
  });

  it("does not take an escaped backslash at a line's end for a continuation", () => {
    expect(parseProperties("a=1\\\\\nb=2")).toEqual({ a: "1\\", b: "2" });
  });

  it("lets the last of equal names win", () => {
    expect(parseProperties("a=1\na=2")).toEqual({ a: "2" });
  });

  it("throws where a unicode escape is cut short", () => {
    expect(() => parseProperties("a=\\u00e")).toThrow(SyntaxError);
  });
});
