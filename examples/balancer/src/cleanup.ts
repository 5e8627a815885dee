type Step = () => void | Promise<void>

/** What is to be undone, once all ends or its start has failed. */
export interface Cleanup {
  add (...steps: Step[]): void
  /** Undoes what was added, the last first. */
  run (): Promise<void>
}

/** Makes a cleanup that has no steps yet. */
export function createCleanup (): Cleanup {
  const steps: Step[] = []

  return {
    add (...more) { steps.push(...more) },

    async run () {
      for (const step of steps.splice(0).reverse()) {
        await step()
      }
    }
  }
}
