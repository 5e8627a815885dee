import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { expect } from 'aegir/chai'
import { findKubo, kuboCachePath, kuboMissing, kuboVersion, searchKubo } from '../src/find-kubo.ts'

describe('find-kubo', () => {
  let folder: string
  let env: Record<string, string>

  // stands for kubo: a script that answers "version --number" and nothing else
  async function fakeKubo (path: string, version: string): Promise<string> {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, `#!/bin/sh\n[ "$*" = "version --number" ] && echo ${version}\n`)
    await chmod(path, 0o755)

    return path
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-find-kubo-'))
    env = {
      XDG_CACHE_HOME: join(folder, 'cache'),
      PATH: ['empty', 'bin'].map(name => join(folder, name)).join(delimiter)
    }
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('reads the pinned version from go.mod', () => {
    expect(kuboVersion()).to.match(/^\d+\.\d+\.\d+$/)
    expect(kuboCachePath(env)).to.equal(join(folder, 'cache', 'kitsune', 'peers', `kubo-${kuboVersion()}`, 'ipfs'))
  })

  it('keeps the cache under HOME when XDG_CACHE_HOME is absent or relative', () => {
    for (const XDG_CACHE_HOME of [undefined, '', 'relative']) {
      expect(kuboCachePath({ HOME: folder, XDG_CACHE_HOME })).to.equal(
        join(folder, '.cache', 'kitsune', 'peers', `kubo-${kuboVersion()}`, 'ipfs')
      )
    }
  })

  it('prefers KUBO_BINARY to PATH to the cache', async () => {
    const cached = await fakeKubo(kuboCachePath(env), kuboVersion())
    expect(findKubo(env)).to.deep.equal({ path: cached, version: kuboVersion(), origin: 'cache' })

    const onPath = await fakeKubo(join(folder, 'bin', 'ipfs'), kuboVersion())
    expect(findKubo(env)).to.deep.equal({ path: onPath, version: kuboVersion(), origin: 'PATH' })

    const named = await fakeKubo(join(folder, 'named'), '0.1.0')
    expect(findKubo({ ...env, KUBO_BINARY: named })).to.deep.equal({ path: named, version: '0.1.0', origin: 'KUBO_BINARY' })
  })

  it('takes a newer ipfs on PATH and passes over an older one', async () => {
    await fakeKubo(join(folder, 'bin', 'ipfs'), '0.9.1')
    expect(findKubo(env)).to.equal(undefined)
    expect(searchKubo(env).passedOver).to.include(`${join(folder, 'bin', 'ipfs')}, on PATH, has version 0.9.1, older than ${kuboVersion()}`)

    await fakeKubo(join(folder, 'bin', 'ipfs'), '0.1000.0')
    expect(findKubo(env)).to.have.property('version', '0.1000.0')
  })

  it('refuses a KUBO_BINARY that does not run, even if there is another kubo', async () => {
    await fakeKubo(kuboCachePath(env), kuboVersion())

    env.KUBO_BINARY = join(folder, 'absent')
    expect(() => findKubo(env)).to.throw(env.KUBO_BINARY)

    env.KUBO_BINARY = '/bin/false'
    expect(() => findKubo(env)).to.throw(env.KUBO_BINARY)
  })

  it('tells where it looked and which command would help', () => {
    const search = searchKubo(env)

    expect(search).to.not.have.property('kubo')
    expect(kuboMissing(search))
      .to.include('KUBO_BINARY')
      .and.include('PATH')
      .and.include(kuboCachePath(env))
      .and.include('npm run peers')
  })
})
