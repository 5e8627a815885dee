import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Creates a folder for each test of a suite, and removes it after the test. */
export function temporaryFolder (): (name?: string) => string {
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kitsune-balancer-'))
  })

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  return (name = '') => join(folder, name)
}
