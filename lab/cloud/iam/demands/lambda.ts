/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html */
import { type Demands, demand, tagKeys, text } from "./demand.ts";

export const lambdaDemands: Demands = {
  /** The API's `Invoke`, by name or ARN. */
  Invoke(input, at) {
    const name = text(input, "FunctionName").split(":function:").at(-1) ?? "";
    const arn = at.arn("lambda", `function:${name}`);
    return [demand("lambda:InvokeFunction", arn, ...tagKeys(at.tagsOf(arn), "aws:ResourceTag"))];
  },
};
