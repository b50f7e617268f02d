/** How each service says that a caller may not do something. */
import { AwsError, type ServiceName } from "../service.ts";
import type { Demand } from "./evaluate.ts";

/** The words that all services share. */
export function denialText(who: string, { action, resource }: Demand, why: "explicit deny" | "no statement"): string {
  const reason =
    why === "explicit deny"
      ? "with an explicit deny in an identity-based policy"
      : `because no identity-based policy allows the ${action} action`;
  return `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${reason}`;
}

/** "Common errors" in each service's API reference. */
export function accessDenied(service: ServiceName, text: string): AwsError {
  switch (service) {
    case "ec2":
      return new AwsError("UnauthorizedOperation", `You are not authorized to perform this operation. ${text}`, 403);
    case "autoscaling":
    case "s3":
    case "sts":
      return new AwsError("AccessDenied", text, 403);
    case "lambda":
      return new AwsError("AccessDeniedException", text, 403);
    default:
      return new AwsError("AccessDeniedException", text, 400);
  }
}

/** The access key stands for no role of the account. */
export function strangeKey(service: ServiceName): AwsError {
  const text = "The security token included in the request is invalid.";
  switch (service) {
    case "ec2":
      return new AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401);
    case "s3":
      return new AwsError(
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
        403,
      );
    case "autoscaling":
    case "sts":
      return new AwsError("InvalidClientTokenId", text, 403);
    default:
      return new AwsError("UnrecognizedClientException", text, service === "lambda" ? 403 : 400);
  }
}
