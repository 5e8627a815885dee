import { globSync } from 'node:fs'
import { expect } from 'aegir/chai'
import { AT_ONCE, parts } from '../lib/parts.mjs'
import { workspaces } from '../lib/workspaces.mjs'

describe('parts', () => {
  for (const [name, lists] of Object.entries(AT_ONCE)) {
    const workspace = workspaces().find(workspace => workspace.name === name)

    it(`has each spec file of ${name} once`, () => {
      expect(workspace).to.not.equal(undefined)

      const { atOnce, alone } = parts(/** @type {NonNullable<typeof workspace>} */ (workspace))

      expect([...atOnce.flat(), ...alone].sort()).to.deep.equal(globSync('test/**/*.spec.*s', { cwd: workspace?.folder }).sort())
    })

    it(`names files of ${name} that exist`, () => {
      // each alternative in braces
      const patterns = lists.flat().flatMap(pattern => {
        const [, before, alternatives, after] = /^([^{]*)\{(.*)\}(.*)$/.exec(pattern) ?? ['', pattern, '', '']

        return alternatives.split(',').map(alternative => `${before}${alternative}${after}`)
      })

      expect(patterns.filter(pattern => globSync(pattern, { cwd: workspace?.folder }).length === 0)).to.be.empty()
    })
  }

  it('has the files of other workspaces in one part', () => {
    const workspace = workspaces().find(({ name }) => name === '@kitsune/preload')

    expect(parts(/** @type {NonNullable<typeof workspace>} */ (workspace)).atOnce).to.be.empty()
  })
})
