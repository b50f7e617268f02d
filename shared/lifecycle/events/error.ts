/** One thing wrong with an event, as any Standard Schema reports it (https://standardschema.dev). */
export interface EventIssue {
  /** What was expected in its place. */
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: unknown }> | undefined;
}

export interface EventProblem {
  /** Dotted path of the field, e.g. `detail.EC2InstanceId`; empty: the event itself. */
  readonly field: string;
  /** What stands there; undefined where nothing does. */
  readonly value: unknown;
  readonly expected: string;
}

/** An event that cannot be read: malformed, or of a kind that Rollcall does not know. */
export class EventError extends Error {
  override readonly name = "EventError";
  readonly problems: readonly EventProblem[];

  constructor(event: unknown, issues: readonly EventIssue[], options?: ErrorOptions) {
    const problems = issues.map((issue) => problem(event, issue));
    super(`${subject(event)} cannot be read: ${problems.map(words).join("; ")}. ${remedy(problems)}`, options);
    this.problems = problems;
  }
}

function problem(event: unknown, issue: EventIssue): EventProblem {
  const keys = (issue.path ?? []).map((step) => (typeof step === "object" ? String(step.key) : String(step)));
  const value = keys.reduce((at: unknown, key) => field(at, key), event);
  return { field: keys.join("."), value, expected: issue.message };
}

function field(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}

function subject(event: unknown): string {
  const [id, kind] = [field(event, "id"), field(event, "detail-type")];
  return `event ${typeof id === "string" ? shown(id) : "without an id"}${typeof kind === "string" ? ` (${shown(kind)})` : ""}`;
}

function words({ field, value, expected }: EventProblem): string {
  const name = field === "" ? "the event" : field;
  return value === undefined ? `${name} is missing` : `${name} is ${shown(value)}, expected ${expected}`;
}

function remedy(problems: readonly EventProblem[]): string {
  if (problems.some((p) => p.field === "detail-type" || p.field === "source" || p.field === "")) {
    return "Nothing was done: narrow the pattern of the rule that sends it, so that only the cluster's own kinds of events come.";
  }
  return (
    "Nothing was done, and nothing is lost: the sweep looks at every instance anyway. " +
    "Drop it from the failure queue, or send it again with these fields as expected."
  );
}

/** The value as JSON, cut to what a log line bears. */
function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length <= 80 ? json : `${json.slice(0, 77)}…`;
}
