/** What Rollcall uses of Lambda's module: loaded as a whole with `import()`, and so bundled with nothing more than this. */
export { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
