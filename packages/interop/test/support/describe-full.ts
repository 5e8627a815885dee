import { FULL } from '../../src/full.ts'

/** As `describe`, for tests that only run at full size. */
export function describeFull (title: string, suite: (this: Mocha.Suite) => void): void {
  if (FULL) {
    describe(title, suite)
  }
}
