/** Calls it the first time only. */
export function once <Args extends unknown[]> (run: (...args: Args) => void): (...args: Args) => void {
  let ran = false

  return (...args) => {
    if (!ran) {
      ran = true
      run(...args)
    }
  }
}
