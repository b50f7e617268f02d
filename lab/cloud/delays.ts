/**
 * How long things take, in milliseconds: one number, or the two ends of a range that is drawn from each time.
 *
 * `AWS_DELAYS` are AWS-like (captures of the live services where there are any, otherwise what users commonly see);
 * `LAB_DELAYS` are short, so that a tour of the lab takes minutes: an instance boots in a second, its agent registers
 * a second later, a health check looks every few seconds.
 */
export type Delay = number | readonly [number, number];

/** The same, each as short as it can be. */
export function shortest(delays: Delays): Delays {
  const least = (delay: Delay): number => (typeof delay === "number" ? delay : delay[0]);
  const { autoscaling, ec2, ssm, events, lambda } = delays;
  const all = <Kind extends object>(kind: Kind): Kind =>
    Object.fromEntries(Object.entries(kind).map(([name, delay]) => [name, least(delay)])) as Kind;
  return { autoscaling: all(autoscaling), ec2: all(ec2), ssm: all(ssm), events: all(events), lambda };
}

export interface Delays {
  readonly autoscaling: {
    /** From a difference between desired and actual capacity until a launch or termination begins. */
    readonly react: Delay;
    /** From an instance's launch until its launch hooks open (`Pending:Wait`). */
    readonly launchHook: Delay;
    /** From the start of a termination until its terminate hooks open (`Terminating:Wait`). */
    readonly terminateHook: Delay;
    /** How long `:Proceed` lasts; also Standby and detach transitions. */
    readonly proceed: Delay;
    /** Until EC2's word that an instance has ended or stopped is noticed. */
    readonly healthCheck: Delay;
    /** From an instance being marked unhealthy until its termination begins. */
    readonly unhealthy: Delay;
    /** After the third failed launch in a row; doubles with each further one, up to fifteen minutes. */
    readonly backOff: number;
  };
  readonly ec2: {
    /** `pending` → `running`. */
    readonly boot: Delay;
    /** `shutting-down` → `terminated`, and `stopping` → `stopped`. */
    readonly shutdown: Delay;
    /** How long a terminated instance is still described. */
    readonly remember: number;
    readonly attach: Delay;
    readonly detach: Delay;
  };
  readonly ssm: {
    /** From `running` until the agent registers. */
    readonly register: Delay;
    /** How long an agent that has ended still counts as `Online`. */
    readonly stale: Delay;
    /** From SendCommand until the agent starts on it. */
    readonly deliver: Delay;
    /** From SendCommand until GetCommandInvocation finds the invocation. */
    readonly visible: Delay;
    /** From the end of the script until its result shows. */
    readonly report: Delay;
  };
  readonly events: {
    /** From an event until its target is called. */
    readonly deliver: Delay;
    /** From an event until a replay of the archive includes it. */
    readonly archive: Delay;
    /** How long a replay takes to start, and for each minute of events. */
    readonly replay: Delay;
  };
  readonly lambda: {
    /** Before the first and second retry of an asynchronous invocation. */
    readonly retries: readonly number[];
  };
}

export const AWS_DELAYS: Delays = {
  autoscaling: {
    react: 2_000,
    launchHook: [4_000, 5_000],
    terminateHook: [200, 1_000],
    proceed: [500, 1_500],
    healthCheck: [5_000, 60_000],
    unhealthy: [1_000, 15_000],
    backOff: 30_000,
  },
  ec2: {
    boot: [6_000, 15_000],
    shutdown: [15_000, 45_000],
    remember: 3_600_000,
    attach: [500, 3_000],
    detach: [1_000, 6_000],
  },
  ssm: {
    register: [15_000, 60_000],
    stale: [120_000, 300_000],
    deliver: [200, 2_000],
    visible: [100, 1_000],
    report: [100, 1_000],
  },
  events: { deliver: [200, 3_000], archive: [60_000, 600_000], replay: [2_000, 10_000] },
  lambda: { retries: [60_000, 120_000] },
};

export const LAB_DELAYS: Delays = {
  autoscaling: {
    react: [200, 400],
    launchHook: [300, 500],
    terminateHook: [100, 200],
    proceed: [50, 150],
    healthCheck: [1_000, 3_000],
    unhealthy: [200, 800],
    backOff: 5_000,
  },
  ec2: { boot: [700, 1_200], shutdown: [500, 1_500], remember: 600_000, attach: [100, 300], detach: [100, 400] },
  ssm: { register: [500, 1_500], stale: [3_000, 5_000], deliver: [50, 150], visible: [50, 150], report: [30, 100] },
  events: { deliver: [20, 120], archive: 500, replay: [200, 400] },
  lambda: { retries: [1_000, 2_000] },
};
