/**
 * The middle value, or the mean of the two middle ones.
 *
 * @throws {RangeError} if there are none
 */
export function median (values: readonly number[]): number {
  if (values.length === 0) {
    throw new RangeError('there is no median of no values')
  }

  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1

  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/**
 * The median of the ratios of values that were measured as pairs. Machines slow
 * down and speed up for minutes at a time: neighbours in time share that, so
 * their ratio is steadier than the ratio of two medians.
 *
 * @throws {RangeError} if there are no pairs, or the lists differ in length
 */
export function medianRatio (of: readonly number[], to: readonly number[]): number {
  if (of.length !== to.length) {
    throw new RangeError(`${of.length} values do not pair with ${to.length}`)
  }

  return median(of.map((value, i) => value / to[i]))
}

/** Half the distance between the smallest and the largest, as a share of the median: how far to trust it. */
export function spread (values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / 2 / median(values)
}
