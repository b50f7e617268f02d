/** Roles, their policies, and the instance profiles that hand them to instances. */
import * as v from "valibot";
import { readPolicy } from "../../iam/policy.ts";
import { kind, type Made, type Site } from "../kind.ts";
import { document, number, tags, text, texts } from "../scalars.ts";

const inline = v.array(v.strictObject({ PolicyName: text, PolicyDocument: document }));

const roleProperties = v.strictObject({
  RoleName: v.optional(text),
  Path: v.optional(v.literal("/")),
  Description: v.optional(text),
  AssumeRolePolicyDocument: document,
  Policies: v.optional(inline, []),
  /** Policies of the stack itself only: what AWS manages, the lab does not know. */
  ManagedPolicyArns: v.optional(v.pipe(texts, v.maxLength(0, "managed policies are not modelled")), []),
  MaxSessionDuration: v.optional(number),
  PermissionsBoundary: v.optional(text),
  Tags: tags,
});

function putRole(site: Site, given: v.InferOutput<typeof roleProperties>): Made {
  const { RoleName: name = site.generatedName } = given;
  const arn = `arn:aws:iam::${site.account}:role/${name}`;
  const { roles } = site.cloud.iam;
  roles.put({
    name,
    arn,
    trust: readPolicy(`${site.logicalId}.AssumeRolePolicyDocument`, given.AssumeRolePolicyDocument),
  });
  for (const { PolicyName, PolicyDocument } of given.Policies) {
    roles.putPolicy(name, PolicyName, readPolicy(`${site.logicalId}.${PolicyName}`, PolicyDocument));
  }
  return { ref: name, attributes: { Arn: arn, RoleId: `AROA${name.toUpperCase()}` } };
}

export const role = kind({
  type: "AWS::IAM::Role",
  properties: roleProperties,
  createOnly: ["RoleName", "Path"],
  create: putRole,
  update(site, { ref }, given, before) {
    for (const { PolicyName } of before.Policies) site.cloud.iam.roles.deletePolicy(ref, PolicyName);
    return putRole(site, given);
  },
  remove: (site, { ref }) => site.cloud.iam.roles.delete(ref),
});

const policyProperties = v.strictObject({ PolicyName: text, PolicyDocument: document, Roles: texts });

function putPolicy(site: Site, { PolicyName, PolicyDocument, Roles }: v.InferOutput<typeof policyProperties>): Made {
  const statements = readPolicy(`${site.logicalId}.PolicyDocument`, PolicyDocument);
  for (const name of Roles) site.cloud.iam.roles.putPolicy(name, PolicyName, statements);
  return { ref: PolicyName };
}

function dropPolicy(site: Site, { PolicyName, Roles }: v.InferOutput<typeof policyProperties>): void {
  for (const name of Roles) site.cloud.iam.roles.deletePolicy(name, PolicyName);
}

export const policy = kind({
  type: "AWS::IAM::Policy",
  properties: policyProperties,
  create: putPolicy,
  update(site, _made, given, before) {
    dropPolicy(site, before);
    return putPolicy(site, given);
  },
  remove: (site, _made, given) => dropPolicy(site, given),
});

export const instanceProfile = kind({
  type: "AWS::IAM::InstanceProfile",
  properties: v.strictObject({
    InstanceProfileName: v.optional(text),
    Path: v.optional(v.literal("/")),
    Roles: v.pipe(texts, v.length(1, "an instance profile has exactly one role")),
  }),
  createOnly: ["InstanceProfileName", "Path"],
  create(site, { InstanceProfileName: name = site.generatedName, Roles: [held = ""] }) {
    site.cloud.iam.roles.putProfile(name, held);
    return { ref: name, attributes: { Arn: `arn:aws:iam::${site.account}:instance-profile/${name}` } };
  },
  update(site, made, { Roles: [held = ""] }) {
    site.cloud.iam.roles.putProfile(made.ref, held);
    return made;
  },
  remove: (site, { ref }) => site.cloud.iam.roles.deleteProfile(ref),
});
