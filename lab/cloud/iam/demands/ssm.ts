/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html */
import { type Demands, demand, tagKeys, text, texts, unbound } from "./demand.ts";

const TAGS = ["aws:ResourceTag", "ssm:resourceTag"] as const;

export const ssmDemands: Demands = {
  DescribeInstanceInformation: () => unbound("ssm:DescribeInstanceInformation"),
  GetCommandInvocation: () => unbound("ssm:GetCommandInvocation"),
  ListCommands: () => unbound("ssm:ListCommands"),
  ListCommandInvocations: () => unbound("ssm:ListCommandInvocations"),
  /** The document, and each of the instances. */
  SendCommand(input, at) {
    const document = at.arn("ssm", `document/${text(input, "DocumentName")}`);
    const instances = texts(input, "InstanceIds").map((id) => {
      return demand(
        "ssm:SendCommand",
        at.arn("ec2", `instance/${id}`),
        ...tagKeys(at.instance(id)?.tags ?? [], ...TAGS),
      );
    });
    return [demand("ssm:SendCommand", document, ...tagKeys(at.tagsOf(document), ...TAGS)), ...instances];
  },
};
