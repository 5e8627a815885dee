/** @returns undefined if there is nothing to divide by */
export function ratio (part: number, all: number): number | undefined {
  return all === 0 ? undefined : rounded(part / all)
}

/** Rounds to six digits: more than the precision of any figure here, and the JSON stays readable. */
export function rounded <T extends number | undefined> (value: T): T {
  return (value == null ? value : Number(value.toPrecision(6))) as T
}
