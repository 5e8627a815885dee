import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'aegir/chai'
import { OLD_KUBO_VERSION, oldKuboCachePath, oldKuboMissing, searchOldKubo } from '../src/find-old-kubo.ts'

describe('find-old-kubo', () => {
  let folder: string
  let env: Record<string, string>

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-find-old-kubo-'))
    env = { XDG_CACHE_HOME: folder }
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  // stands for kubo: a script that answers "version --number" and nothing else
  async function fakeKubo (path: string, version: string): Promise<string> {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `#!/bin/sh\n[ "$*" = "version --number" ] && echo ${version}\n`)
    await chmod(path, 0o755)

    return path
  }

  it('prefers OLD_KUBO_BINARY, whatever its version, to the cache', async () => {
    const cached = await fakeKubo(oldKuboCachePath(env), OLD_KUBO_VERSION)
    expect(searchOldKubo(env).kubo).to.deep.equal({ path: cached, version: OLD_KUBO_VERSION, origin: 'cache' })

    const named = await fakeKubo(join(folder, 'named'), '0.18.1')
    expect(searchOldKubo({ ...env, OLD_KUBO_BINARY: named }).kubo).to.deep.equal({ path: named, version: '0.18.1', origin: 'OLD_KUBO_BINARY' })
  })

  it('refuses an OLD_KUBO_BINARY that does not run', () => {
    expect(() => searchOldKubo({ ...env, OLD_KUBO_BINARY: '/bin/false' })).to.throw('/bin/false')
  })

  it('tells where it looked and which command would help', () => {
    const search = searchOldKubo(env)

    expect(search).to.not.have.property('kubo')
    expect(oldKuboMissing(search)).to.include('OLD_KUBO_BINARY').and.include(oldKuboCachePath(env)).and.include('npm run peers')
  })
})
