import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Gives each test of a suite a folder of its own, which goes with it. */
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
