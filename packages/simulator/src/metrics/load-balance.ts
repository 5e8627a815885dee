/** The mean over time of the fullest member's open wants, divided by the mean of all members. */
export interface LoadBalance {
  /** The members' open wants have changed. */
  update (members: ReadonlyArray<{ readonly inFlight: number }>): void
  mean (): number
}

/** Makes a mean that starts at `now`, ms. */
export function createLoadBalance (now: () => number): LoadBalance {
  let last = now()
  let value: number | undefined
  let weighted = 0
  let time = 0

  function advance (): void {
    const passed = now() - last
    last += passed

    if (value != null) {
      weighted += passed * value
      time += passed
    }
  }

  return {
    update (members) {
      if (now() !== last) {
        advance()
      }

      let all = 0
      let most = 0

      for (const { inFlight } of members) {
        all += inFlight
        most = Math.max(most, inFlight)
      }

      // with fewer wants than members some member is always far above the mean
      value = all < members.length ? undefined : most * members.length / all
    },

    mean () {
      advance()

      return time === 0 ? 0 : weighted / time
    }
  }
}
