/** What the doctor finds. */

export interface Finding {
  /** What it is about: `subnets`, `hooks`, `Kafka`. */
  readonly area: string;
  /**
   * - `fine`: looked at, and as it should be
   * - `note`: worth knowing; nothing has to be done
   * - `wrong`: somebody has to do something
   * - `unseen`: it could not be looked at
   */
  readonly level: "fine" | "note" | "wrong" | "unseen";
  readonly what: string;
  /** What to do about it. */
  readonly remedy?: string;
}

export type Report = (level: "note" | "wrong", what: string, remedy?: string) => void;

/** One area: what it finds, or that all is fine with it. */
export function examine(area: string, fine: string, look: (report: Report) => void): Finding[] {
  const findings: Finding[] = [];
  look((level, what, remedy) => findings.push({ area, level, what, ...(remedy !== undefined && { remedy }) }));
  return findings.length > 0 ? findings : [{ area, level: "fine", what: fine }];
}

export function unseen(area: string, reason: string, remedy?: string): Finding {
  return { area, level: "unseen", what: reason, ...(remedy !== undefined && { remedy }) };
}
