type Step = () => void | Promise<void>

/** The steps that undo a start, to be run when the program ends or its start fails. */
export interface Cleanup {
  add (...steps: Step[]): void
  /** Runs the steps, the last one first. */
  run (): Promise<void>
}

/** Creates a cleanup without steps. */
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
