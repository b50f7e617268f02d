import { expect, test } from "vitest";
import { EnvironmentError, environmentOf, kafkaEnvironmentOf } from "../../shared/lambda/environment.ts";

const complete = { ROLLCALL_TABLE: "rollcall-lab", ROLLCALL_KAFKA_FUNCTION: "rollcall-lab-kafka" };

test("the definition lies beside the function's code where nothing else is said", () => {
  expect(environmentOf({ ...complete, LAMBDA_TASK_ROOT: "/var/task" })).toEqual({
    definition: "/var/task/definition.json",
    table: "rollcall-lab",
    kafkaFunction: "rollcall-lab-kafka",
  });
});

test("another path is taken as it is, a relative one from the function's folder", () => {
  const root = { ...complete, LAMBDA_TASK_ROOT: "/var/task" };
  expect(environmentOf({ ...root, ROLLCALL_DEFINITION: "/opt/lab.json" }).definition).toBe("/opt/lab.json");
  expect(environmentOf({ ...root, ROLLCALL_DEFINITION: "clusters/lab.json" }).definition).toBe(
    "/var/task/clusters/lab.json",
  );
});

test("everything that is missing or wrong is named at once, with its value and the remedy", () => {
  const read = () => environmentOf({ ROLLCALL_TABLE: "my table", ROLLCALL_DEFINITION: "" });
  expect(read).toThrow(EnvironmentError);
  expect(read).toThrow(
    "the function's environment is not as it must be: " +
      `ROLLCALL_DEFINITION is "": set it to the path of the packaged definition (JSON), absolute or in the function's folder; ` +
      `ROLLCALL_TABLE is "my table": set it to the name of the cluster's DynamoDB table; ` +
      "ROLLCALL_KAFKA_FUNCTION is not set: set it to the name of the Lambda function that sees Kafka",
  );
});

test("the Kafka function is told of secrets only where the cluster asks who it is", () => {
  expect(kafkaEnvironmentOf({})).toBeUndefined();
  const asked = { AWS_REGION: "eu-central-1", ROLLCALL_OBSERVER_SECRET: "rollcall/lab/observer" };
  expect(kafkaEnvironmentOf(asked)).toEqual({
    region: "eu-central-1",
    secrets: { observer: "rollcall/lab/observer" },
  });
  expect(kafkaEnvironmentOf({ ...asked, ROLLCALL_AUTHORITY_SECRET: "kafka/authority" })?.secrets).toEqual({
    observer: "rollcall/lab/observer",
    authority: "kafka/authority",
  });
});

test("what it lacks then is named", () => {
  expect(() => kafkaEnvironmentOf({ ROLLCALL_AUTHORITY_SECRET: "" })).toThrow(
    /AWS_REGION is not set.*ROLLCALL_OBSERVER_SECRET is not set.*ROLLCALL_AUTHORITY_SECRET is ""/,
  );
});
