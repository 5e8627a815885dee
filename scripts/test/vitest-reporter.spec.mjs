import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { cache, root } from '../lib/root.mjs'

const TESTS = `
import { describe, expect, it } from 'vitest'

describe('suite', () => {
  it('passes', () => {})
  it('fails', () => { expect(1).toBe(2) })
  it.skip('is skipped', () => {})
})
`

describe('vitest-reporter', () => {
  /** @type {string} */
  let folder

  beforeEach(() => {
    // inside the repository, so that it finds vitest
    mkdirSync(cache, { recursive: true })
    folder = mkdtempSync(join(cache, 'vitest-reporter-'))
  })

  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  it('writes vitest\'s counts', () => {
    const file = join(folder, 'results.json')
    writeFileSync(join(folder, 'some.spec.mjs'), TESTS)

    const { status } = spawnSync(process.execPath, [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', '--root', folder, '--reporter', join(root, 'scripts', 'vitest-reporter.mjs')
    ], { env: { ...process.env, KITSUNE_TEST_RESULTS: file } })
    const { tests, ...counts } = JSON.parse(readFileSync(file, 'utf8'))

    expect(status).to.equal(1)
    expect(counts).to.deep.equal({ passes: 1, failures: 1, pending: 1 })
    expect(tests.map((/** @type {{ title: string, state: string }} */ { title, state }) => [title, state])).to.deep.equal([
      ['suite > passes', 'passed'], ['suite > fails', 'failed'], ['suite > is skipped', 'pending']
    ])
    expect(tests[1].error).to.include('expected 1 to be 2')
  })
})
