interface Stopwatch {
  /** CPU time between starts and stops, ms. It includes all threads, because garbage is collected on some of them. */
  readonly ms: number
  /** More time than allowed has been measured. */
  readonly over: boolean
  start (): void
  stop (): void
  /** Returns `over`; reads the clock at every hundredth call only. */
  checkOver (): boolean
  /** @param most - CPU time after which it is over from now on, ms */
  reset (most: number): void
}

const CALLS_PER_READING = 100

/** Makes a stopwatch that stands at 0 and has no limit. */
export function createStopwatch (): Stopwatch {
  let ms = 0
  let most = Infinity
  let over = false
  let from = process.cpuUsage()
  let calls = 0

  const running = (): number => {
    const { user, system } = process.cpuUsage(from)

    return (user + system) / 1000
  }

  return {
    get ms () { return ms },
    get over () { return over },
    start () { from = process.cpuUsage() },
    stop () {
      ms += running()
      over ||= ms > most
    },
    checkOver () {
      if (++calls % CALLS_PER_READING === 0) {
        over ||= ms + running() > most
      }

      return over
    },
    reset (limit) {
      most = limit
      ms = 0
      over = false
    }
  }
}
