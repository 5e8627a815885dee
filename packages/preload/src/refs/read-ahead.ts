/** How far blocks are read ahead. */
export interface ReadAheadInit<Step, Result> {
  /** Steps that are read at the same time. */
  readonly concurrency: number
  /** The signal aborts when a read has failed or no more results are wanted. */
  read (step: Step, signal: AbortSignal): Promise<Result>
  readonly signal: AbortSignal
}

/** Reads the steps that are added, the last one first, several at a time. Steps may be added during the iteration. */
export interface ReadAhead<Step, Result> extends AsyncIterable<{ readonly step: Step, readonly result: Result }> {
  add (step: Step): void
}

/** Creates an iteration without steps. */
export function readAhead <Step, Result> ({ concurrency, read, signal }: ReadAheadInit<Step, Result>): ReadAhead<Step, Result> {
  const open: Step[] = []

  return {
    add (step) { open.push(step) },

    async * [Symbol.asyncIterator] () {
      const ending = new AbortController()
      const inner = AbortSignal.any([signal, ending.signal])
      const done: Array<{ readonly step: Step, readonly result: Result }> = []
      let running = 0
      let failure: { readonly error: unknown } | undefined
      let wake = (): void => {}
      const woken = async (): Promise<void> => new Promise(resolve => { wake = resolve })

      function start (step: Step): void {
        running++
        read(step, inner).then(result => { done.push({ step, result }) }, error => { failure ??= { error } }).finally(() => {
          running--
          wake()
        })
      }

      try {
        while (open.length > 0 || running > 0 || done.length > 0) {
          while (open.length > 0 && running < concurrency) {
            start(open.pop() as Step)
          }

          const next = done.shift()

          if (next != null) {
            yield next
          } else if (failure == null) {
            await woken()
          } else {
            throw failure.error
          }
        }

        if (failure != null) {
          throw failure.error
        }
      } finally {
        ending.abort()
      }
    }
  }
}
