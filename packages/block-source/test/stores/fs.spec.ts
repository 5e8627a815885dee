import { execFileSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'aegir/chai'
import { fsStore } from '../../src/stores/fs.ts'
import { objectStoreTests } from '../../src/testing/index.ts'
import { testBytes } from '../../src/testing/test-bytes.ts'

objectStoreTests(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kitsune-store-'))
  const maxRead = 1024 * 1024

  return {
    store: fsStore({ folder, maxRead }),
    maxRead,
    async put (object, bytes) {
      await mkdir(dirname(join(folder, object)), { recursive: true })
      await writeFile(join(folder, object), bytes)
    },
    remove: async object => rm(join(folder, object)),
    stop: async () => rm(folder, { recursive: true })
  }
}, { name: 'fs store' })

describe('fs store', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-store-'))
  })

  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('does not wait for a writer of a named pipe', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')])
    expect(await fsStore({ folder }).read('pipe')).to.equal(undefined)
    expect(await fsStore({ folder }).stat('pipe')).to.equal(undefined)
  })

  it('reports an unreadable file as refused, not absent', async function () {
    if (process.getuid?.() === 0) {
      // root may read all files; a link that leads to itself is refused for every user
      await symlink('file', join(folder, 'file'))
    } else {
      await writeFile(join(folder, 'file'), 'x')
      await chmod(join(folder, 'file'), 0)
    }

    await expect(fsStore({ folder }).read('file')).to.eventually.be.rejected.with.property('name', 'StoreRefusedError')
  })

  it('has no objects if the folder does not exist', async () => {
    const store = fsStore({ folder: join(folder, 'none') })
    expect(await store.read('x')).to.equal(undefined)
    expect(await store.list?.('')[Symbol.asyncIterator]().next()).to.deep.equal({ done: true, value: undefined })
  })

  it('continues where a read into many buffers ended early, as it does with more than 1,024 at once', async () => {
    const bytes = testBytes(5_000)
    await writeFile(join(folder, 'x'), bytes)
    const buffers = Array.from({ length: 2_500 }, () => new Uint8Array(2))
    await fsStore({ folder }).readInto?.('x', buffers)
    expect(Buffer.concat(buffers).equals(bytes)).to.equal(true)
  })
})
