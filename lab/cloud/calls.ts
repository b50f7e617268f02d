/** What was called, by whom, when: for the summary of API calls, for assertions, for the view. */
import type { Call, Outcome } from "./service.ts";

export interface LoggedCall extends Call {
  /** Absent while the call is under way. Answers are not kept: a lab that stays up would fill with them. */
  readonly ended?: "answered" | { readonly error: unknown };
}

export class CallLog {
  readonly #calls: LoggedCall[] = [];
  /** By service, by action. */
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #listeners: ((call: LoggedCall) => void)[] = [];

  /** The next call's number. */
  get next(): number {
    return this.#calls.length + 1;
  }

  begin(call: Call): void {
    this.#calls.push(call);
    let counts = this.#counts.get(call.service);
    if (!counts) {
      counts = new Map();
      this.#counts.set(call.service, counts);
    }
    counts.set(call.action, (counts.get(call.action) ?? 0) + 1);
  }

  end(call: Call, outcome: Outcome): void {
    const ended: LoggedCall = { ...call, ended: "error" in outcome ? { error: outcome.error } : "answered" };
    this.#calls[call.number - 1] = ended;
    for (const listener of this.#listeners) listener(ended);
  }

  /** Calls back for every call as soon as it has taken effect or failed, before anything else happens. */
  subscribe(listener: (call: LoggedCall) => void): void {
    this.#listeners.push(listener);
  }

  /** Every call ever, in the order in which they began; its length is a mark that later calls come after. */
  all(): readonly LoggedCall[] {
    return this.#calls;
  }

  /** By `service:Action`. */
  counts(): Record<string, number> {
    const named = [...this.#counts].flatMap(([service, counts]) =>
      [...counts].map(([action, times]): [string, number] => [`${service}:${action}`, times]),
    );
    return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}
