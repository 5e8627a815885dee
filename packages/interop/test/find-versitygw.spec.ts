import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'aegir/chai'
import { searchVersitygw, versitygwCachePath, versitygwMissing, versitygwVersion } from '../src/find-versitygw.ts'

describe('find-versitygw', () => {
  let folder: string
  let env: Record<string, string>

  async function fakeBinary (path: string, prints: string): Promise<string> {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `#!/bin/sh\necho '${prints}'\n`)
    await chmod(path, 0o755)

    return path
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-find-versitygw-'))
    env = { XDG_CACHE_HOME: join(folder, 'cache') }
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('names the cache by the pinned version', () => {
    expect(versitygwVersion()).to.match(/^\d+\.\d+\.\d+$/)
    expect(versitygwCachePath(env)).to.match(/\/cache\/kitsune\/peers\/versitygw-[\d.]+\/versitygw$/)
  })

  it('prefers VERSITYGW_BINARY to the cache', async () => {
    const cached = await fakeBinary(versitygwCachePath(env), 'Version  : git')
    expect(searchVersitygw(env).versitygw).to.deep.equal({ path: cached, origin: 'cache' })

    const named = await fakeBinary(join(folder, 'named'), 'Version  : git')
    expect(searchVersitygw({ ...env, VERSITYGW_BINARY: named }).versitygw).to.deep.equal({ path: named, origin: 'VERSITYGW_BINARY' })
  })

  it('refuses VERSITYGW_BINARY that is something else, even if there is another', async () => {
    await fakeBinary(versitygwCachePath(env), 'Version  : git')
    const other = await fakeBinary(join(folder, 'other'), 'hello')

    expect(() => searchVersitygw({ ...env, VERSITYGW_BINARY: other })).to.throw(other)
  })

  it('tells where it looked and which command would help', () => {
    const search = searchVersitygw(env)

    expect(search).to.not.have.property('versitygw')
    expect(versitygwMissing(search)).to.include('VERSITYGW_BINARY').and.include('npm run peers').and.include(versitygwCachePath(env))
  })
})
