import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect } from 'aegir/chai'
import { chromiumMissing, searchChromium } from '../src/find-chromium.ts'

describe('find-chromium', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-find-chromium-'))
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  async function executable (name: string): Promise<string> {
    const path = join(folder, name)
    await writeFile(path, '#!/bin/sh\n')
    await chmod(path, 0o755)

    return path
  }

  it('prefers CHROMIUM_BINARY to what is on PATH, by any of its names', async () => {
    const chrome = await executable('google-chrome')
    const PATH = ['/nonexistent', folder].join(delimiter)
    expect(searchChromium({ PATH }).chromium).to.deep.equal({ path: chrome, origin: 'PATH' })

    const path = await executable('other')
    expect(searchChromium({ PATH, CHROMIUM_BINARY: path }).chromium).to.deep.equal({ path, origin: 'CHROMIUM_BINARY' })
  })

  it('refuses CHROMIUM_BINARY that cannot be run, even if there is another', async () => {
    await executable('chromium')
    await writeFile(join(folder, 'text'), '')
    expect(() => searchChromium({ PATH: folder, CHROMIUM_BINARY: join(folder, 'text') })).to.throw(folder)
  })

  it('tells where it looked and what would help', () => {
    const search = searchChromium({ PATH: folder })
    expect(search).to.not.have.property('chromium')
    expect(chromiumMissing(search)).to.include('CHROMIUM_BINARY').and.include('apt-get install chromium').and.include('PATH')
  })
})
