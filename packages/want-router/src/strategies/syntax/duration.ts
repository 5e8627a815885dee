const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, min: 60_000, s: 1000, ms: 1 }

/** Parses `500ms`, `10s`, `5min`, `2h` or a number of ms; NaN if it is none of these. */
export function parseDuration (text: string): number {
  const [, number, unit = 'ms'] = /^([\d.]+)(ms|s|min|h)?$/.exec(text) ?? []

  return Number(number ?? NaN) * UNITS[unit]
}

/** Writes a number of ms in the greatest unit that it is a multiple of. */
export function formatDuration (ms: number): string {
  const [unit, size] = Object.entries(UNITS).find(([, size]) => ms % size === 0) ?? ['ms', 1]

  return `${ms / size}${unit}`
}
