import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { carSource, dudewhereIndex, mapIndex, s3Store } from '@kitsune/block-source'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { createDag, leafCids } from '../../src/dag.ts'
import { startKubo } from '../../src/kubo.ts'
import { needKubo, needVersitygw } from '../../src/needs.ts'
import { removeFolder, temporaryFolder } from '../../src/processes.ts'
import { startVersitygw } from '../../src/versitygw.ts'
import type { Dag } from '../../src/dag.ts'
import type { Versitygw } from '../../src/versitygw.ts'

const BUCKET = 'kitsune-tests'

/** The file that npm links as `kitsune-index`. */
function command (): string {
  const entry = fileURLToPath(import.meta.resolve('@kitsune/block-source'))
  const folder = join(dirname(entry), '..', '..')
  const { bin } = createRequire(import.meta.url)(join(folder, 'package.json')) as { bin: Record<string, string> }

  return join(folder, bin['kitsune-index'])
}

describe('kitsune-index, with kubo and versitygw', function () {
  this.timeout(120_000)

  let server: Versitygw
  let folder: string
  let dag: Dag
  let file: string

  before(async function () {
    const what = 'kitsune-index'
    const binary = needKubo(this, what)
    const gateway = needVersitygw(this, what)
    folder = temporaryFolder('kitsune-index')
    dag = await createDag(binary, { size: 20 << 20, blockSize: 1 << 18 })
    const kubo = await startKubo(binary, { dag })
    file = join(folder, 'x.car')
    writeFileSync(file, new Uint8Array(await (await kubo.call('dag/export', [dag.root], { progress: 'false' })).arrayBuffer()))
    await kubo.stop()
    server = await startVersitygw(gateway, [BUCKET])
  })

  after(async () => {
    await server?.stop()
    removeFolder(folder)
  })

  async function run (...argv: string[]): Promise<string[]> {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [command(), ...argv, '--endpoint', server.endpoint], {
      env: { AWS_ACCESS_KEY_ID: server.credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey }
    })
    expect(stderr).to.equal('')

    return stdout.split('\n').filter(line => line !== '')
  }

  it('fills a bucket with a CAR of kubo, in parts, which is read by any block and by its root', async () => {
    const [added] = await run('add', file, '--to', `s3://${BUCKET}`, '--json')
    expect(JSON.parse(added)).to.include({ action: 'added', blocks: 81 })
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

      expect(got).to.equal(81)
    }
  })

  it('lists, checks, adds again, removes and compacts', async () => {
    const target = `s3://${BUCKET}`
    const [car] = await run('ls', target)
    expect(await run('check', target)).to.deep.equal([`checked ${car} 81 blocks`])
    expect(await run('add', file, '--to', target)).to.deep.equal([`present ${car} (${file}) ${(await stat(car))?.size} bytes`])
    expect(await run('rm', target, car)).to.deep.equal([`removed ${car}`])
    expect(await run('compact', target)).to.deep.equal(['compacted'])
    expect(await run('ls', target)).to.deep.equal([])
    expect(await stat(car)).to.equal(undefined)
  })

  async function stat (car: string): Promise<{ size: number } | undefined> {
    return s3Store({ bucket: BUCKET, endpoint: server.endpoint, credentials: server.credentials }).stat(`${car}/${car}.car`)
  }
})
