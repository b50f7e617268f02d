/** Questions about a quorum, KRaft's or a ZooKeeper ensemble, each answered with its reason. */
import type { QuorumAnswer, QuorumReplica, Verdict } from "../sights.ts";

/** A voter counts as caught up within `controller.quorum.fetch.timeout.ms` (2 s), plus the time the look itself took. */
const CAUGHT_UP = 7_000;

/** Whether it has caught up with the leader not long ago; a negative time means that nobody knows. */
export const isCaughtUp = (replica: QuorumReplica): boolean =>
  replica.caughtUpAgo >= 0 && replica.caughtUpAgo <= CAUGHT_UP;

/**
 * Whether that node is a voter that has caught up. After an empty disk the id is listed twice: as the voter it was, and as
 * the observer it came back as (another directory id); and for some minutes after it has become a voter again, its former
 * self stays listed as an observer. Only what still fetches counts: who is dead falls behind.
 *
 * @param age how long the node has been configured at least, ms: a voter last caught up before that is its former self
 */
export function isServingVoter(quorum: QuorumAnswer, id: number, age: number): Verdict {
  if (quorum.leader < 0) return { safe: false, reason: "the quorum has no leader" };
  const listed = (r: QuorumReplica): boolean => r.id === id;
  const follows = (r: QuorumReplica): boolean => listed(r) && isCaughtUp(r) && r.caughtUpAgo < age;
  if (quorum.voters.some(follows)) return { safe: true, reason: `voter ${id} has caught up` };
  if (quorum.observers.some(follows)) return { safe: false, reason: `${id} is still an observer` };
  const voter = quorum.voters.find(listed);
  if (!voter) return { safe: false, reason: `${id} is not a voter yet` };
  if (isCaughtUp(voter)) return { safe: false, reason: `voter ${id} has not followed since it was configured` };
  if (voter.caughtUpAgo < 0) return { safe: false, reason: `voter ${id} is not known to follow the leader` };
  return { safe: false, reason: `voter ${id} lags ${voter.lag} records behind the leader` };
}

/** Whether a majority of that quorum stands: it has a leader, and most voters have caught up. */
export function hasMajority(quorum: QuorumAnswer, expected: number): boolean {
  return quorum.leader >= 0 && quorum.voters.filter(isCaughtUp).length > expected / 2;
}

/**
 * Whether the quorum stands without that voter. Strimzi's rule (`KafkaQuorumCheck`): of N voters, at least
 * (N + 2) / 2 others must have caught up, integer division.
 */
export function safeToStopVoter(quorum: QuorumAnswer, id: number): Verdict {
  if (!quorum.voters.some((v) => v.id === id)) return { safe: true, reason: `${id} is not a voter` };
  if (quorum.leader < 0) return { safe: false, reason: "the quorum has no leader" };
  const total = quorum.voters.length;
  // A lone voter can only be stopped with the whole cluster.
  const needed = Math.floor((total + 2) / 2);
  const others = quorum.voters.filter((v) => v.id !== id && isCaughtUp(v)).length;
  return others >= needed
    ? { safe: true, reason: `${others} other voters of ${total} have caught up` }
    : { safe: false, reason: `only ${others} other voters of ${total} have caught up, ${needed} are needed` };
}
