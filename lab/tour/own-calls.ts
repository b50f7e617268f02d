/** Which of the calls at the cloud's door are Rollcall's own, and which of these change something. */
import type { LoggedCall } from "../cloud/calls.ts";
import { FUNCTION_ROLES } from "../lab.ts";

/** Actions that change nothing. */
const READS = /^(Describe|Get|List|BatchGet|Query|Scan|Invoke)/;

export function isOwn({ caller }: LoggedCall): boolean {
  return (FUNCTION_ROLES as readonly string[]).includes(caller.role);
}

export function isOwnChange(call: LoggedCall): boolean {
  return isOwn(call) && !READS.test(call.action);
}

/** `dynamodb:UpdateItem` */
export function nameOfCall({ service, action }: LoggedCall): string {
  return `${service}:${action}`;
}
