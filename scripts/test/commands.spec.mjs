import { expect } from 'aegir/chai'
import { root } from '../lib/root.mjs'
import { readManifest, workspaces } from '../lib/workspaces.mjs'

describe('commands of workspaces', () => {
  it('are all linked after the build, so that npx finds them: npm ci links only files that exist', () => {
    const { postbuild = '' } = readManifest(root).scripts ?? {}
    const withCommands = workspaces().filter(({ manifest }) => 'bin' in manifest).map(({ name }) => name)

    expect(withCommands).to.not.be.empty()
    expect(postbuild.split(' ')).to.include.members(withCommands)
  })
})
