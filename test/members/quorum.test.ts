import { expect, test } from "vitest";
import { founderLeft, quorumFormed, quorumFounded } from "../../shared/members/quorum.ts";

const mark = { clusterId: "4L6g3nShT-eMCtK--X86sw", voters: [{ id: 101, directoryId: "dir-101" }] };
const later = { clusterId: "another", voters: [{ id: 102, directoryId: "dir-102" }] };

test("a quorum is founded with that cluster id and those voters, and has not formed yet", () => {
  expect(quorumFounded(undefined, mark)).toEqual({ ...mark, formed: false });
});

test.each([true, false])("whoever comes later founds no second one (formed: %s)", (formed) => {
  expect(quorumFounded({ ...mark, formed }, later)).toEqual({ ...mark, formed });
});

test("it forms as it was founded, and stays so", () => {
  const founded = { ...mark, formed: false };
  const formed = quorumFormed(founded, founded);
  expect(formed).toEqual({ ...mark, formed: true });
  expect(quorumFormed(formed, founded)).toEqual(formed);
});

test("it is not marked formed by anybody who does not know that a founder was let go", () => {
  const founded = { ...mark, formed: false };
  const without = founderLeft(founded, "i-1");
  expect(without).toEqual({ ...founded, left: ["i-1"] });
  expect(founderLeft(without, "i-1")).toEqual(without);
  expect(quorumFormed(without, founded)).toEqual(without);
  expect(quorumFormed(without, without)).toEqual({ ...without, formed: true });
});

test("once it has formed none of its founders is let go any more", () => {
  const formed = { ...mark, formed: true };
  expect(founderLeft(formed, "i-1")).toEqual(formed);
});

test("throws where a quorum that was never founded is to have formed, or is left", () => {
  expect(() => quorumFormed(undefined, { ...mark, formed: false })).toThrow(
    "cannot be marked formed before it is founded",
  );
  expect(() => founderLeft(undefined, "i-1")).toThrow("no founder can leave a quorum before it is founded");
});
