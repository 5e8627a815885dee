import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { OLD_JS_IPFS, jsIpfsCachePath, jsIpfsMissing, jsIpfsVersion, searchJsIpfs } from '../src/find-js-ipfs.ts'

describe('find-js-ipfs', () => {
  let folder: string
  let env: Record<string, string>

  async function fakeModules (path: string, version: string): Promise<string> {
    await mkdir(join(path, 'ipfs-core'), { recursive: true })
    await writeFile(join(path, 'ipfs-core', 'package.json'), JSON.stringify({ version }))

    return path
  }

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-find-js-ipfs-'))
    env = { XDG_CACHE_HOME: join(folder, 'cache') }
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('names the cache by the pinned version and the lockfile', () => {
    expect(jsIpfsVersion()).to.match(/^\d+\.\d+\.\d+$/)
    expect(jsIpfsCachePath(env)).to.match(/\/cache\/kitsune\/peers\/js-ipfs-[\d.]+-[0-9a-f]{8}\/node_modules$/)
  })

  it('prefers JS_IPFS_MODULES to the cache', async () => {
    const cached = await fakeModules(jsIpfsCachePath(env), jsIpfsVersion())
    expect(searchJsIpfs(env).jsIpfs).to.deep.equal({ path: cached, version: jsIpfsVersion(), origin: 'cache' })

    const named = await fakeModules(join(folder, 'named'), '0.1.0')
    expect(searchJsIpfs({ ...env, JS_IPFS_MODULES: named }).jsIpfs).to.deep.equal({ path: named, version: '0.1.0', origin: 'JS_IPFS_MODULES' })
  })

  it('refuses JS_IPFS_MODULES without js-ipfs, even if there is another', async () => {
    await fakeModules(jsIpfsCachePath(env), jsIpfsVersion())

    expect(() => searchJsIpfs({ ...env, JS_IPFS_MODULES: folder })).to.throw(folder)
  })

  it('looks for the old one by itself', async () => {
    await fakeModules(jsIpfsCachePath(env), jsIpfsVersion())
    expect(searchJsIpfs(env, OLD_JS_IPFS)).to.not.have.property('jsIpfs')

    const named = await fakeModules(join(folder, 'old'), '0.1.0')
    expect(searchJsIpfs({ ...env, OLD_JS_IPFS_MODULES: named }, OLD_JS_IPFS).jsIpfs).to.deep.equal({ path: named, version: '0.1.0', origin: 'OLD_JS_IPFS_MODULES' })
    expect(jsIpfsMissing(searchJsIpfs(env, OLD_JS_IPFS), OLD_JS_IPFS)).to.include('OLD_JS_IPFS_MODULES')
  })

  it('tells where it looked and which command would help', () => {
    const search = searchJsIpfs(env)

    expect(search).to.not.have.property('jsIpfs')
    expect(jsIpfsMissing(search))
      .to.include('JS_IPFS_MODULES')
      .and.include(jsIpfsCachePath(env))
      .and.include('npm run peers')
  })
})
