import { FULL } from '../../src/full.ts'

/** As `describe`, of what is run at full size only. */
export function describeFull (title: string, suite: (this: Mocha.Suite) => void): void {
  if (FULL) {
    describe(title, suite)
  }
}
