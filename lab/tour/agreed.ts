/** What several said: one word where all said the same. */
export const agreed = (answers: readonly string[]): string => [...new Set(answers)].join(", ");
