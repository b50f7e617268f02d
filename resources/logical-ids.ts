/** Logical ids of the template that other resources refer to. */
import type { Group, PoolAddress, RoleName } from "../shared/cluster/definition.ts";
import { logicalId } from "./template.ts";

export const TABLE = "Table";
export const DOCUMENT = "NodeDocument";
export const FAILURES = "FailureQueue";
export const UNDELIVERED = "UndeliveredQueue";
export const KAFKA_SECURITY_GROUP = "KafkaFunctionSecurityGroup";
export const LOAD_BALANCER = "BootstrapLoadBalancer";
export const LOAD_BALANCER_SECURITY_GROUP = "BootstrapSecurityGroup";
export const TARGET_GROUP = "BootstrapTargets";
export const OBSERVER_SECRET = "ObserverSecret";

export type FunctionName = "lifecycle" | "sweep" | "kafka";

export const functionId = (name: FunctionName): string => logicalId(name, "function");
export const functionRoleId = (name: FunctionName): string => logicalId(name, "role");
export const logGroupId = (name: FunctionName): string => logicalId(name, "log-group");
export const groupId = (role: RoleName, { zone }: Group): string => logicalId(role, "group", zone);
/**
 * The brokers' have no role in their names: a stack whose nodes all had one profile has it by these. Were it to go with an update,
 * instances that were launched with it, of whichever role, would be cut off from SSM while they run (IAM API Reference,
 * DeleteInstanceProfile: "will break any applications running on the instance").
 */
export const nodeRoleId = (role: RoleName): string => nodePartId(role, "node-role");
export const nodeProfileId = (role: RoleName): string => nodePartId(role, "node-profile");
const nodePartId = (role: RoleName, part: string): string =>
  role === "broker" ? logicalId(part) : logicalId(role, part);
export const adminSecretId = (generation: number): string => logicalId("admin-secret", String(generation));
/** @param hash tells users apart whose names differ in more than letters and digits */
export const userSecretId = (user: string, hash: string): string => logicalId("user", user, hash, "secret");
export const interfaceId = (role: RoleName, { id }: PoolAddress): string => logicalId(role, "interface", String(id));
export const launchTemplateId = (role: RoleName): string => logicalId(role, "launch-template");
export const securityGroupId = (role: RoleName): string => logicalId(role, "security-group");
