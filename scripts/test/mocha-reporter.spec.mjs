import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { root } from '../lib/root.mjs'

describe('mocha-reporter', () => {
  /** @type {string} */
  let folder

  /**
   * Runs mocha on a file with this text.
   *
   * @param {string} text
   */
  function mocha (text) {
    const spec = join(folder, 'some.spec.cjs')
    const file = join(folder, 'results.json')
    writeFileSync(spec, text)

    const { status, stdout } = spawnSync(process.execPath, [
      join(root, 'node_modules', 'mocha', 'bin', 'mocha.js'), '--reporter', join(root, 'scripts', 'mocha-reporter.cjs'), spec
    ], { encoding: 'utf8', env: { ...process.env, KITSUNE_TEST_RESULTS: file } })

    return { status, stdout, results: existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined }
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kitsune-reporter-'))
  })

  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  it('writes mocha\'s counts and prints the output of its spec reporter', () => {
    const { status, stdout, results } = mocha(`
      describe('suite', () => {
        it('passes', () => {})
        it('fails', () => { throw new Error('as it should') })
        it('waits')
        it.skip('is skipped', () => {})
      })
    `)

    expect(status).to.equal(1)
    expect(stdout).to.include('1 passing').and.include('2 pending').and.include('1 failing')
    expect(results).to.include({ passes: 1, failures: 1, pending: 2 })
    expect(results.tests.map((/** @type {{ title: string, state: string }} */ { title, state }) => [title, state])).to.deep.equal([
      ['suite passes', 'passed'],
      ['suite fails', 'failed'],
      ['suite waits', 'pending'],
      ['suite is skipped', 'pending']
    ])
    expect(results.tests[1].error).to.include('as it should').and.include('some.spec.cjs')
  })

  it('counts a hook that fails', () => {
    const { results } = mocha(`
      describe('suite', () => {
        before(() => { throw new Error('as it should') })
        it('never runs', () => {})
      })
    `)

    expect(results).to.include({ passes: 0, failures: 1 })
  })

  it('leaves no results when the process dies', () => {
    const { status, results } = mocha('it("dies", () => { process.exit(0) })')

    expect(status).to.equal(0)
    expect(results).to.equal(undefined)
  })
})
