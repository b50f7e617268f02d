/**
 * What serverless.yml takes from the cluster's definition. CommonJS, since that is what `${file()}` reads; and since it is
 * read before anything else of this project, it also says which Node it takes.
 */
const [major] = process.versions.node.split(".").map(Number);

module.exports = async ({ options }) => {
  if (major < 24) {
    throw complaint(
      `this is Node ${process.versions.node}, and Rollcall needs 24: run it as "npx sls", which brings it`,
    );
  }
  const { readCluster } = await import("./cluster.ts");
  try {
    const { cluster, region } = readCluster(options).definition;
    return { cluster, region };
  } catch (error) {
    throw complaint(error.message);
  }
};

/** An error that is shown by its message alone: the stack leads nowhere a user could do anything. */
function complaint(message) {
  const error = new Error(message);
  error.stack = `\n\n${message}`;
  return error;
}
