import type { Context } from "aws-lambda";

/** An invocation with that much time, ms, on a clock that says how much has gone by. */
export function contextWith(limit: number, elapsed: () => number = () => 0): Context {
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: "rollcall-lab-lifecycle",
    functionVersion: "$LATEST",
    invokedFunctionArn: "arn:aws:lambda:eu-central-1:111122223333:function:rollcall-lab-lifecycle",
    memoryLimitInMB: "512",
    awsRequestId: "4a3c1f0e-2b5d-4c6e-8f70-91a2b3c4d5e6",
    logGroupName: "/aws/lambda/rollcall-lab-lifecycle",
    logStreamName: "2026/09/14/[$LATEST]0123456789abcdef",
    getRemainingTimeInMillis: () => limit - elapsed(),
    done() {},
    fail() {},
    succeed() {},
  };
}
