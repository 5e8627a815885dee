/** Resolves once the condition holds; rejects if it does not within 10 s. */
export async function until (condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000

  while (!await condition()) {
    if (performance.now() > end) {
      throw new Error(`the condition did not hold within 10 s: ${condition}`)
    }

    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
