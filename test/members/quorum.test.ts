import { expect, test } from "vitest";
import { quorumFormed, quorumFounded } from "../../shared/members/quorum.ts";

const mark = { clusterId: "4L6g3nShT-eMCtK--X86sw", voters: [{ id: 101, directoryId: "dir-101" }] };
const later = { clusterId: "another", voters: [{ id: 102, directoryId: "dir-102" }] };

test("a quorum is founded with that cluster id and those voters, and has not formed yet", () => {
  expect(quorumFounded(undefined, mark)).toEqual({ ...mark, formed: false });
});

test.each([true, false])("whoever comes later founds no second one (formed: %s)", (formed) => {
  expect(quorumFounded({ ...mark, formed }, later)).toEqual({ ...mark, formed });
});

test("it forms as it was founded, and stays so", () => {
  const formed = quorumFormed({ ...mark, formed: false });
  expect(formed).toEqual({ ...mark, formed: true });
  expect(quorumFormed(formed)).toEqual(formed);
});

test("throws where a quorum that was never founded is to have formed", () => {
  expect(() => quorumFormed(undefined)).toThrow("cannot be marked formed before it is founded");
});
