import { describe, expect, test } from "vitest";
import { FUNCTIONS } from "../../resources/functions.ts";
import { environmentOf } from "../../shared/lambda/environment.ts";
import { compile, deployable, ofType, properties, various } from "./compiled.ts";

const template = compile(deployable);

describe("what is kept is encrypted", () => {
  test("every volume, by the launch template itself", () => {
    for (const definition of [deployable, various]) {
      for (const [, { Properties }] of ofType(compile(definition).Resources, "AWS::EC2::LaunchTemplate")) {
        const { BlockDeviceMappings } = Properties.LaunchTemplateData as { BlockDeviceMappings: { Ebs: object }[] };
        for (const { Ebs } of BlockDeviceMappings)
          expect(Ebs).toMatchObject({ Encrypted: true, DeleteOnTermination: true });
      }
    }
  });

  test("every queue, for as long as SQS keeps anything", () => {
    const queues = ofType(template.Resources, "AWS::SQS::Queue");
    expect(queues.map(([id]) => id)).toEqual(["FailureQueue", "UndeliveredQueue"]);
    for (const [, { Properties }] of queues) {
      expect(Properties).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 14 * 24 * 3600 });
    }
  });

  test("the deployment's table, which DynamoDB always encrypts, with protection against every mistake", () => {
    expect(properties(template, "Table")).toMatchObject({
      TableName: "rollcall-lab",
      BillingMode: "PAY_PER_REQUEST",
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
    });
  });
});

describe("instances", () => {
  const data = (definition: typeof deployable, role: string) =>
    properties<{ LaunchTemplateData: Record<string, unknown> }>(compile(definition), `${role}LaunchTemplate`)
      .LaunchTemplateData;

  test("tell their metadata by session only, and start with nothing but their profile and their group", () => {
    expect(data(deployable, "Broker")).toMatchObject({
      InstanceType: "m7g.large",
      IamInstanceProfile: { Arn: { "Fn::GetAtt": ["NodeProfile", "Arn"] } },
      SecurityGroupIds: [{ "Fn::GetAtt": ["BrokerSecurityGroup", "GroupId"] }],
      MetadataOptions: { HttpEndpoint: "enabled", HttpTokens: "required", HttpPutResponseHopLimit: 1 },
    });
    expect(data(deployable, "Broker")).not.toHaveProperty("UserData");
    expect(data(deployable, "Broker")).not.toHaveProperty("KeyName");
  });

  test("have a profile for each role, the brokers' by the ids that running nodes of every role may have theirs from", () => {
    const profiles = ofType(compile(deployable).Resources, "AWS::IAM::InstanceProfile");
    expect(profiles.map(([id, { Properties }]) => [id, Properties.Roles])).toEqual([
      ["ControllerNodeProfile", [{ Ref: "ControllerNodeRole" }]],
      ["NodeProfile", [{ Ref: "NodeRole" }]],
    ]);
  });

  test("are of the user's image, whose root volume is left as it is, with one blank volume for data", () => {
    expect(data(deployable, "Controller")).toMatchObject({
      ImageId: "ami-0a1b2c3d4e5f60718",
      BlockDeviceMappings: [{ DeviceName: "/dev/sdf", Ebs: { VolumeSize: 20, VolumeType: "gp3" } }],
    });
  });

  test.each([
    ["m7g.large", "arm64"],
    ["m7gd.4xlarge", "arm64"],
    ["im4gn.large", "arm64"],
    ["a1.large", "arm64"],
    ["x2gd.metal", "arm64"],
    ["g5g.xlarge", "arm64"],
    ["m7i.large", "x86_64"],
    ["g5.xlarge", "x86_64"],
    ["g4dn.xlarge", "x86_64"],
    ["gr6.4xlarge", "x86_64"],
    ["i3en.large", "x86_64"],
  ])("of the type %s get Amazon Linux for %s where there is no image", (instanceType, architecture) => {
    const roles = various.roles.map((role) => ({ ...role, instanceType }));
    const { ImageId, BlockDeviceMappings } = data({ ...various, roles }, "Broker");
    expect(ImageId).toBe(
      `{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}}}`,
    );
    expect(BlockDeviceMappings).toMatchObject([{ DeviceName: "/dev/xvda" }, { DeviceName: "/dev/sdf" }]);
  });

  test("of a role whose groups all exist need no launch template", () => {
    const roles = various.roles.map((role) => ({
      ...role,
      groups: role.groups.map((group) => ({ ...group, existing: true as const })),
    }));
    expect(ofType(compile({ ...various, roles }).Resources, "AWS::EC2::LaunchTemplate")).toEqual([]);
  });
});

describe("functions", () => {
  interface FunctionProperties {
    readonly FunctionName: string;
    readonly Timeout: number;
    readonly Environment: { readonly Variables: Readonly<Record<string, unknown>> };
    readonly [name: string]: unknown;
  }
  const of = (name: string) => properties<FunctionProperties>(template, `${name}Function`);

  test.each(["Lifecycle", "Sweep", "Kafka"])(
    "%s: Node 24 on arm64, its logs for as long as the definition says",
    (name) => {
      expect(of(name)).toMatchObject({ Runtime: "nodejs24.x", Architectures: ["arm64"] });
      expect(properties(template, `${name}LogGroup`)).toEqual({
        LogGroupName: `/aws/lambda/${of(name).FunctionName}`,
        RetentionInDays: 30,
      });
    },
  );

  test("only the one that sees Kafka is inside the VPC, in every zone", () => {
    expect(of("Lifecycle").VpcConfig).toBeUndefined();
    expect(of("Sweep").VpcConfig).toBeUndefined();
    expect(of("Kafka").VpcConfig).toEqual({
      SubnetIds: deployable.zones.map((zone) => zone.subnet),
      SecurityGroupIds: [{ "Fn::GetAtt": ["KafkaFunctionSecurityGroup", "GroupId"] }],
    });
  });

  test("are told where things are, and no secret", () => {
    for (const name of ["Lifecycle", "Sweep"]) {
      const { Variables } = of(name).Environment;
      expect(Variables).toEqual({
        NODE_OPTIONS: "--enable-source-maps",
        ROLLCALL_TABLE: { Ref: "Table" },
        ROLLCALL_KAFKA_FUNCTION: { Ref: "KafkaFunction" },
      });
      const resolved = { ROLLCALL_TABLE: "rollcall-lab", ROLLCALL_KAFKA_FUNCTION: of("Kafka").FunctionName };
      expect(environmentOf({ ...resolved, LAMBDA_TASK_ROOT: "/var/task" }).definition).toBe(
        "/var/task/definition.json",
      );
    }
    expect(of("Kafka").Environment.Variables).toEqual({ NODE_OPTIONS: "--enable-source-maps" });
  });

  test("end well before a heartbeat is due, and a sweep before the next one", () => {
    const heartbeat = deployable.periods.heartbeat / 1000;
    for (const { timeout } of Object.values(FUNCTIONS)) expect(timeout).toBeLessThan(heartbeat / 3);
    expect(FUNCTIONS.sweep.timeout).toBeLessThan(deployable.periods.sweep / 1000);
  });

  test("that are invoked by events keep those that they fail at for good", () => {
    const configured = ofType(template.Resources, "AWS::Lambda::EventInvokeConfig").map(([, r]) => r.Properties);
    expect(configured.map((c) => c.FunctionName)).toEqual([{ Ref: "LifecycleFunction" }, { Ref: "SweepFunction" }]);
    for (const { DestinationConfig } of configured) {
      expect(DestinationConfig).toEqual({ OnFailure: { Destination: { "Fn::GetAtt": ["FailureQueue", "Arn"] } } });
    }
  });
});

test("the document takes what it is told from the environment alone, and keeps its name when it changes", () => {
  const { Content, ...settings } = properties<{ Content: { parameters: Record<string, Record<string, unknown>> } }>(
    template,
    "NodeDocument",
  );
  expect(settings).toMatchObject({ Name: "rollcall-lab", DocumentType: "Command", UpdateMethod: "NewVersion" });
  for (const name of ["action", "payload"]) {
    expect(Content.parameters[name]).toMatchObject({
      interpolationType: "ENV_VAR",
      allowedPattern: expect.stringMatching(/^\^.*\$$/),
    });
  }
  expect(JSON.stringify(Content).length).toBeLessThan(64 * 1024);
});
