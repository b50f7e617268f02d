/** What Rollcall uses of SSM's module: loaded as a whole with `import()`, and so bundled with nothing more than this. */
export {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  ListCommandsCommand,
  SendCommandCommand,
  SSMClient,
} from "@aws-sdk/client-ssm";
