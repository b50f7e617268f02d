/** Which of the calls at the cloud's door are Rollcall's own, and which of these change something. */
import type { LoggedCall } from "../cloud/calls.ts";
import { ADMINISTRATORS } from "../stack.ts";

/** Actions that change nothing. */
const READS = /^(Describe|Get|List|BatchGet|Query|Scan|Invoke)/;

/** Every other role is one of the stack's. */
export function isOwn({ caller }: LoggedCall): boolean {
  return !ADMINISTRATORS.includes(caller.role);
}

export function isOwnChange(call: LoggedCall): boolean {
  return isOwn(call) && !READS.test(call.action);
}

/** `dynamodb:UpdateItem` */
export function nameOfCall({ service, action }: LoggedCall): string {
  return `${service}:${action}`;
}
