import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Machine, payloadOf, UNIT } from "./machine.ts";

const UUID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
const EBS = "Amazon Elastic Block Store              ";
const LOCAL = "Amazon EC2 NVMe Instance Storage        ";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
  machine.uncue("mounts");
});
afterEach(() => machine.close());

const configure = () => machine.run("configure", payloadOf({ volume: true }).payload);

interface Disk {
  readonly name: string;
  readonly model?: string;
  /** What is at its beginning; nothing but zeros where absent. */
  readonly content?: string;
  readonly partitions?: number;
  readonly mounted?: string;
}

const ROOT: Disk = { name: "nvme0n1", model: EBS, content: "a partition table", partitions: 2 };

/** Puts disks into the machine, in that order. */
function plug(...disks: readonly Disk[]): void {
  const rows = disks.flatMap(({ name, model = "", content, partitions = 0, mounted = "" }) => {
    writeFileSync(path(name), content ?? "", { flag: "w" });
    truncateSync(path(name), 2 ** 21);
    const row = (device: string, type: string, its: string, parent: string, at: string): string =>
      `NAME="${device}" TYPE="${type}" MODEL="${its}" PKNAME="${parent}" MOUNTPOINT="${at}"`;
    const parts = Array.from({ length: partitions }, (_, i) =>
      row(`${path(name)}p${i + 1}`, "part", "", path(name), i === 0 ? "/" : ""),
    );
    return [row(path(name), "disk", model, "", mounted), ...parts];
  });
  machine.cue("lsblk", `${rows.join("\n")}\n`);
}

const path = (name: string): string => join(machine.standIn, name);
const content = (name: string): string => readFileSync(path(name), "utf8").replaceAll("\0", "");
const formatted = (): string[] => machine.lines("disk-calls").filter((call) => call.startsWith("mkfs"));
const mounted = (): string[] => machine.lines("mounts");
const filesystem = (type: string, label: string): string => `FILESYSTEM ${type} ${label} ${UUID}\n`;

describe("a new machine", () => {
  it("gets a filesystem on its empty EBS volume, which is mounted for good before anything is written there", async () => {
    writeFileSync(machine.fstab, "UUID=11111111-1111-1111-1111-111111111111 / xfs defaults 1 1\n");
    plug(ROOT, { name: "nvme1n1", model: LOCAL }, { name: "nvme2n1", model: EBS });
    expect((await configure()).answer).toMatchObject({ ok: true, unit: "active" });

    expect(machine.lines("disk-calls")).toEqual([
      "lsblk -P -p -o NAME,TYPE,MODEL,PKNAME,MOUNTPOINT",
      `mkfs.xfs -q -L rollcall ${path("nvme2n1")}`,
      `mount ${machine.home}/data`,
    ]);
    expect(readFileSync(machine.fstab, "utf8")).toBe(
      `UUID=11111111-1111-1111-1111-111111111111 / xfs defaults 1 1\nUUID=${UUID} ${machine.home}/data xfs noatime,nofail 0 2\n`,
    );
    expect(mounted()).toEqual([`${machine.home}/data`]);
  });

  it("touches no disk the second time", async () => {
    plug(ROOT, { name: "nvme1n1", model: EBS });
    await configure();
    const calls = machine.lines("disk-calls");
    expect((await configure()).answer.ok).toBe(true);
    expect(machine.lines("disk-calls")).toEqual(calls);
  });

  it("knows an EBS volume as udev may write its model", async () => {
    plug(ROOT, { name: "nvme1n1", model: EBS.trim().replaceAll(" ", "_") });
    expect((await configure()).answer.ok).toBe(true);
    expect(formatted()).toHaveLength(1);
  });

  it("knows one from before Nitro by its name", async () => {
    machine.cue("lsblk", 'NAME="/dev/xvdzz" TYPE="disk" MODEL="" PKNAME="" MOUNTPOINT=""\n');
    machine.program("cmp", "exit 0");
    machine.program("mkfs.xfs", 'echo "$*" >"$STAND_IN/xen"; exit 1');
    await configure();
    expect(machine.lines("xen")).toEqual(["-q -L rollcall /dev/xvdzz"]);
  });

  it("looks at no disk where the payload asks for no volume", async () => {
    expect((await machine.run("configure", payloadOf().payload)).answer.ok).toBe(true);
    expect(machine.lines("disk-calls")).toEqual([]);
  });
});

describe("a machine whose data is there", () => {
  it("mounts its volume again, and makes nothing on it", async () => {
    plug(
      ROOT,
      { name: "nvme1n1", model: EBS, content: filesystem("xfs", "rollcall") },
      { name: "nvme2n1", model: EBS },
    );
    writeFileSync(machine.fstab, `UUID=22222222-2222-2222-2222-222222222222 ${machine.home}/data xfs noatime 0 2\n`);
    expect((await configure()).answer.ok).toBe(true);
    expect(formatted()).toEqual([]);
    expect(mounted()).toEqual([`${machine.home}/data`]);
    expect(readFileSync(machine.fstab, "utf8")).toBe(`UUID=${UUID} ${machine.home}/data xfs noatime,nofail 0 2\n`);
  });

  it("is left as it is where the data has been on the machine's own disk so far", async () => {
    plug(ROOT, { name: "nvme1n1", model: EBS });
    await machine.run("configure", payloadOf().payload);
    expect((await configure()).answer.ok).toBe(true);
    expect([formatted(), mounted()]).toEqual([[], []]);
  });

  it("is not taken for new with an empty volume in the lost one's place", async () => {
    plug(ROOT, { name: "nvme1n1", model: EBS });
    await configure();
    machine.uncue("mounts");
    rmSync(join(machine.home, "data"), { recursive: true });
    plug(ROOT, { name: "nvme1n1", model: EBS });
    const run = await configure();
    expect(run.answer.error).toMatch(/was formatted before.*the disk was lost/);
    expect(machine.lines("java-calls")).toHaveLength(1);
  });
});

describe("a disk that is somebody else's", () => {
  it.each<[string, Disk]>([
    ["with another's filesystem", { name: "nvme1n1", model: EBS, content: filesystem("ext4", "precious") }],
    ["with an xfs of another label", { name: "nvme1n1", model: EBS, content: filesystem("xfs", "precious") }],
    ["with another filesystem of that label", { name: "nvme1n1", model: EBS, content: filesystem("ext4", "rollcall") }],
    ["with bytes that nobody knows", { name: "nvme1n1", model: EBS, content: `${"\0".repeat(900_000)}secret` }],
    ["with a partition", { name: "nvme1n1", model: EBS, partitions: 1 }],
    ["that is mounted", { name: "nvme1n1", model: EBS, mounted: "/srv" }],
    ["of the instance itself", { name: "nvme1n1", model: LOCAL }],
    ["of no EBS at all", { name: "sdb", model: "QEMU HARDDISK" }],
  ])("is never formatted: %s", async (_, disk) => {
    plug(ROOT, disk);
    const before = content(disk.name);
    const run = await configure();
    expect(run.code).toBe(1);
    expect(run.answer.error).toMatch(/must have one EBS volume for its data, with nothing on it; it has 0 such/);
    expect(content(disk.name)).toBe(before);
    expect([formatted(), mounted(), machine.changes()]).toEqual([[], [], []]);
    expect(readFileSync(machine.fstab, "utf8")).toBe("");
    expect(existsSync(join(machine.home, "config"))).toBe(false);
  });

  it("may be either of two empty ones", async () => {
    plug(ROOT, { name: "nvme1n1", model: EBS }, { name: "nvme2n1", model: EBS });
    expect((await configure()).answer.error).toMatch(/it has 2 such/);
    expect(formatted()).toEqual([]);
  });

  it("whatever is plugged in, at most one disk changes, an empty EBS volume that nobody uses", async () => {
    const disk = fc.record(
      {
        model: fc.constantFrom(EBS, EBS, LOCAL, ""),
        content: fc.constantFrom(filesystem("xfs", "rollcall"), filesystem("ext4", "x"), "bytes"),
        partitions: fc.constant(1),
        mounted: fc.constant("/srv"),
      },
      { requiredKeys: ["model"] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(disk, { maxLength: 4 }), async (given) => {
        machine.close();
        machine = new Machine();
        machine.uncue("mounts");
        const disks = given.map((one, index): Disk => ({ ...one, name: `nvme${index + 1}n1` }));
        plug(ROOT, ...disks);
        const before = new Map(disks.map(({ name }) => [name, content(name)]));
        const run = await configure();

        const changed = disks.filter(({ name }) => content(name) !== before.get(name));
        expect(changed.length).toBeLessThanOrEqual(1);
        for (const one of changed) {
          expect(one.model).toBe(EBS);
          expect([one.content, one.partitions, one.mounted]).toEqual([undefined, undefined, undefined]);
        }
        expect(run.answer.ok).toBe(mounted().length === 1);
      }),
      { numRuns: 12 },
    );
  });
});

describe("a volume that cannot be used", () => {
  beforeEach(() => plug(ROOT, { name: "nvme1n1", model: EBS }));

  it("is told with the words of mkfs", async () => {
    machine.cue("mkfs-breaks");
    const run = await configure();
    expect(run.answer.error).toMatch(/^making a filesystem on .*nvme1n1 failed: .*Input\/output error/);
    expect(mounted()).toEqual([]);
  });

  it("is told with the words of mount, and is mounted the next time", async () => {
    machine.program("mount", "echo 'mount: wrong fs type, bad superblock: failed' >&2; exit 32");
    expect((await configure()).answer.error).toMatch(/^mounting .*nvme1n1 on .*data failed: mount: wrong fs type/);
    expect(machine.changes()).toEqual([]);

    machine.program("mount", `exec ${join(import.meta.dirname, "bin/mount")} "$@"`);
    expect((await configure()).answer.ok).toBe(true);
    expect(formatted()).toHaveLength(1);
    expect(machine.changes()).toContain(`restart ${UNIT}`);
  });
});
