import { execFile } from 'node:child_process'
import { createWriteStream, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { carSource, dudewhereIndex, mapIndex, s3Store } from '@kitsune/block-source'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { createDag, leafCids } from '../../src/dag.ts'
import { FULL } from '../../src/full.ts'
import { kitsuneIndexScript } from '../../src/kitsune-index.ts'
import { KUBO_ENV, initRepo } from '../../src/kubo-repo.ts'
import { startKubo } from '../../src/kubo.ts'
import { needKubo, needVersitygw } from '../../src/needs.ts'
import { removeFolder, temporaryFolder } from '../../src/processes.ts'
import { startVersitygw } from '../../src/versitygw.ts'
import type { Dag } from '../../src/dag.ts'
import type { Versitygw } from '../../src/versitygw.ts'

const BUCKET = 'kitsune-tests'

/** The size of the file: three parts of 8 MiB, or 128. */
const SIZE = FULL ? 2 ** 30 : 20 << 20

describe('kitsune-index, with kubo and versitygw', function () {
  this.timeout(FULL ? 600_000 : 120_000)

  let binary: string
  let server: Versitygw
  let folder: string
  let dag: Dag
  let file: string
  /** The blocks of the CAR: those reachable from its root. */
  let blocks: number

  before(async function () {
    const what = 'kitsune-index'
    binary = needKubo(this, what)
    const gateway = needVersitygw(this, what)
    folder = temporaryFolder('kitsune-index')
    dag = await createDag(binary, { size: SIZE, blockSize: 1 << 18 })
    const kubo = await startKubo(binary, { dag })
    file = join(folder, 'x.car')
    const { body } = await kubo.call('dag/export', [dag.root], { progress: 'false' })
    await pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), createWriteStream(file))
    await kubo.stop()
    server = await startVersitygw(gateway, [BUCKET])
  })

  after(async () => {
    await server?.stop()
    removeFolder(folder)
  })

  async function run (...argv: string[]): Promise<string[]> {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [kitsuneIndexScript(), ...argv, '--endpoint', server.endpoint], {
      env: { AWS_ACCESS_KEY_ID: server.credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey }
    })
    expect(stderr).to.equal('')

    return stdout.split('\n').filter(line => line !== '')
  }

  it('fills a bucket with a CAR of kubo, in parts, which is read by any block and by its root', async () => {
    const [added] = await run('add', file, '--to', `s3://${BUCKET}`, '--json')
    expect(JSON.parse(added)).to.include({ action: 'added', bytes: statSync(file).size })
    blocks = JSON.parse(added).blocks
    // leaves, and nodes above them
    expect(blocks).to.be.within(SIZE / 2 ** 18 + 1, 1.01 * SIZE / 2 ** 18 + 1)
    const cids = [CID.parse(dag.root), ...await leafCids({ size: dag.size, blockSize: dag.blockSize })]
    const store = s3Store({ bucket: BUCKET, endpoint: server.endpoint, credentials: server.credentials })
    const indexes = [mapIndex(store, { complete: true }), dudewhereIndex({ dudewhere: store, satnav: store })]

    for (const index of indexes) {
      const source = carSource({ store, index })
      let got = 0
      expect(await source.get(cids[0], { session: 'a' })).to.not.equal(undefined)

      for await (const { bytes } of source.getMany?.(cids, { session: 'a' }) ?? []) {
        got += Number(bytes != null)
      }

      expect(got).to.equal(cids.length)
    }
  })

  it('lists, checks, adds again, removes and compacts', async () => {
    const target = `s3://${BUCKET}`
    const [car] = await run('ls', target)
    expect(await run('check', target)).to.deep.equal([`checked ${car} ${blocks} blocks`])
    expect(await run('add', file, '--to', target)).to.deep.equal([`present ${car} (${file}) ${(await stat(car))?.size} bytes`])
    expect(await run('rm', target, car)).to.deep.equal([`removed ${car}`])
    expect(await run('compact', target)).to.deep.equal(['compacted'])
    expect(await run('ls', target)).to.deep.equal([])
    expect(await stat(car)).to.equal(undefined)
  })

  if (FULL) {
    it('serves a sharded directory of kubo, each block of it', async () => {
      const { car, cids } = await shardedDirectory()
      await run('add', car, '--to', `s3://${BUCKET}`)
      const store = s3Store({ bucket: BUCKET, endpoint: server.endpoint, credentials: server.credentials })
      const source = carSource({ store, index: mapIndex(store, { complete: true }) })
      expect(cids.length).to.be.above(4_000)
      let got = 0

      for await (const { bytes } of source.getMany?.(cids.toReversed()) ?? []) {
        got += Number(bytes != null)
      }

      expect(got).to.equal(cids.length)
    })
  }

  /** A CAR of a directory with enough names for kubo to make it a HAMT. */
  async function shardedDirectory (): Promise<{ car: string, cids: CID[] }> {
    const [files, repo, car] = ['files', 'repo', 'sharded.car'].map(name => join(folder, name))
    mkdirSync(files)

    for (let i = 0; i < 4_000; i++) {
      writeFileSync(join(files, `${'a name that takes its space '.repeat(4)}${i}`), `file ${i}`)
    }

    await initRepo(binary, repo)

    const ipfs = async (...args: string[]): Promise<Buffer> => {
      return (await promisify(execFile)(binary, args, { env: { ...KUBO_ENV, IPFS_PATH: repo }, encoding: 'buffer', maxBuffer: 1 << 28 })).stdout
    }

    const root = String(await ipfs('add', '-r', '-Q', '--cid-version=1', files)).trim()
    writeFileSync(car, await ipfs('dag', 'export', '--progress=false', root))
    const links = String(await ipfs('refs', '-r', '-u', root)).trim().split('\n')

    return { car, cids: [root, ...links].map(link => CID.parse(link)) }
  }

  async function stat (car: string): Promise<{ size: number } | undefined> {
    return s3Store({ bucket: BUCKET, endpoint: server.endpoint, credentials: server.credentials }).stat(`${car}/${car}.car`)
  }
})
