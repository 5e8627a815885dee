import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { root } from '../lib/root.mjs'
import { LONGEST_FILE, LONGEST_FUNCTION, tooLong } from '../lib/sizes.mjs'
import { workspaces } from '../lib/workspaces.mjs'

// written by a compiler
const GENERATED = 'packages/benchmarks/src/protons/'

describe('sizes', () => {
  it(`of sources are at most ${LONGEST_FILE} lines a file and ${LONGEST_FUNCTION} a function, without blank ones`, function () {
    this.timeout(60_000)
    const sources = workspaces().map(({ folder }) => join(folder, 'src')).filter(folder => existsSync(folder))

    expect(sources.flatMap(folder => tooLong(root, folder)).filter(found => !found.startsWith(GENERATED))).to.deep.equal([])
  })

  it('are checked for all kinds of functions', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sizes-'))
    const body = (/** @type {number} */ lines) => 'f()\n\n'.repeat(lines)

    try {
      mkdirSync(join(folder, 'deep'))
      writeFileSync(join(folder, 'short.ts'), `function short () {\n${body(LONGEST_FUNCTION - 2)}}\n`)
      writeFileSync(join(folder, 'deep', 'long.ts'), `
function named () {\n${body(LONGEST_FUNCTION - 1)}}
const arrow = () => {\n${body(LONGEST_FUNCTION - 1)}}
class A {\n  constructor () {\n${body(LONGEST_FUNCTION - 1)}}\n  method () {\n${body(LONGEST_FUNCTION - 1)}}\n}
`)
      writeFileSync(join(folder, 'file.ts'), body(LONGEST_FILE + 1))

      expect(tooLong(folder, folder).map(found => found.replace(/:\d+ /, ' '))).to.have.members([
        'file.ts: 301 lines', 'deep/long.ts named: 71 lines', 'deep/long.ts arrow: 71 lines', 'deep/long.ts constructor: 71 lines', 'deep/long.ts method: 71 lines'
      ])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
