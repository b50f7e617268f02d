import { expect, test } from "vitest";
import { awsInstances } from "../../shared/aws/instances.ts";
import { ec2Answer, wiredClients } from "./wire.ts";

const instance = (id: string, state: string) =>
  `<item><instancesSet><item><instanceId>${id}</instanceId><instanceState><code>0</code><name>${state}</name></instanceState></item></instancesSet></item>`;

test("an instance that EC2 does not know is unknown, and hides no other", async () => {
  const { clients, asked } = wiredClients(({ input }) =>
    input.NextToken === "more"
      ? ec2Answer("DescribeInstances", `<reservationSet>${instance("i-2", "shutting-down")}</reservationSet>`)
      : ec2Answer(
          "DescribeInstances",
          `<reservationSet>${instance("i-1", "running")}</reservationSet><nextToken>more</nextToken>`,
        ),
  );

  const states = await awsInstances(() => clients.ec2()).look(["i-1", "i-2", "i-3"]);

  expect(states).toEqual(
    new Map([
      ["i-1", "running"],
      ["i-2", "shutting-down"],
      ["i-3", "unknown"],
    ]),
  );
  expect(asked).toHaveLength(2);
  expect(asked[0]).toMatchObject({
    action: "DescribeInstances",
    input: { "Filter.1.Name": "instance-id", "Filter.1.Value.1": "i-1", "Filter.1.Value.3": "i-3" },
  });
});

test("asks about no more instances at once than a filter takes, and about none not at all", async () => {
  const { clients, asked } = wiredClients(() => ec2Answer("DescribeInstances", "<reservationSet/>"));
  const instances = awsInstances(() => clients.ec2());

  expect(await instances.look([])).toEqual(new Map());
  expect(asked).toHaveLength(0);
  const many = Array.from({ length: 450 }, (_, n) => `i-${n}`);
  expect((await instances.look(many)).size).toBe(450);
  expect(asked.map(({ input }) => Object.keys(input).filter((k) => k.startsWith("Filter.1.Value.")).length)).toEqual([
    200, 200, 50,
  ]);
});

test("a state that EC2 does not document is a clear error", async () => {
  const { clients } = wiredClients(() =>
    ec2Answer("DescribeInstances", `<reservationSet>${instance("i-1", "dreaming")}</reservationSet>`),
  );

  await expect(awsInstances(() => clients.ec2()).look(["i-1"])).rejects.toThrow(/State\.Name.*"dreaming"/);
});
