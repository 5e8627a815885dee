import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { loadIdentity } from '../src/identity.ts'

describe('the identity of a bridge', () => {
  let folder: string

  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'swarm-bridge-')) })
  afterEach(async () => { await rm(folder, { recursive: true }) })

  it('is created once, readable only by its owner, and kept', async () => {
    const file = join(folder, 'key')
    const made = await loadIdentity(file)
    expect((await stat(file)).mode & 0o777).to.equal(0o600)
    expect((await loadIdentity(file)).equals(made)).to.be.true()
  })

  it('is not replaced if the file does not contain a key', async () => {
    const file = join(folder, 'key')
    await writeFile(file, 'no key')
    await expect(loadIdentity(file)).to.eventually.be.rejected()
  })
})
