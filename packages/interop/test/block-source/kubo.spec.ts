import { join } from 'node:path'
import { flatfsKey, gatewaySource, kuboSource, objectSource } from '@kitsune/block-source'
import { fsStore } from '@kitsune/block-source/fs'
import { blockSourceTests } from '@kitsune/block-source/testing'
import { blake2b256 } from '@multiformats/blake2/blake2b'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { createDag, leafCids, seededBuffer } from '../../src/dag.ts'
import { freePort } from '../../src/free-port.ts'
import { startKubo } from '../../src/kubo.ts'
import { needKubo } from '../../src/needs.ts'
import type { Kubo } from '../../src/kubo.ts'
import type { Block } from '@kitsune/block-source'

const hashers = [blake2b256]
const retry = { retries: 1, minDelay: 1 }

describe('block sources, with kubo', function () {
  this.timeout(120_000)

  let binary: string
  let kubo: Kubo
  let gateway: string
  let has: Block[]
  let missing: CID[]

  before(async function () {
    binary = needKubo(this, 'block sources, with kubo')
    const port = await freePort()
    gateway = `http://127.0.0.1:${port}`
    kubo = await startKubo(binary, {
      config: {
        Addresses: { Swarm: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'], API: '/ip4/127.0.0.1/tcp/0', Gateway: `/ip4/127.0.0.1/tcp/${port}` },
        Gateway: { NoFetch: true }
      }
    })
    has = []

    for (const [size, options] of [[1000, {}], [1_000_000, {}], [0, {}], [12, { hash: 'blake2b-256' }]] as const) {
      const bytes = seededBuffer(size, `block of ${size}`)
      has.push({ cid: CID.parse(await kubo.putBlock(bytes, options)), bytes })
    }

    missing = [CID.createV1(0x55, await sha256.digest(Uint8Array.of(7, 7, 7)))]
  })

  after(async () => {
    await kubo?.stop()
  })

  async function fail (): Promise<() => Promise<void>> {
    await kubo.kill()

    return async () => kubo.restart()
  }

  blockSourceTests(() => ({ source: kuboSource({ url: kubo.url, hashers, retry }), has, missing, fail }), { name: 'its RPC', laws: { wrong: false } })

  blockSourceTests(() => ({ source: gatewaySource({ url: gateway, hashers, retry }), has, missing, fail }), { name: 'its gateway', laws: { wrong: false } })

  it('reads the folder of its datastore as it is', async () => {
    const dag = await createDag(binary, { size: 1 << 20, blockSize: 1 << 16 })
    const source = objectSource({ store: fsStore({ folder: join(dag.repo, 'blocks') }), key: flatfsKey() })

    for (const cid of [CID.parse(dag.root), ...await leafCids(dag)]) {
      expect(await source.get(cid), cid.toString()).to.be.an.instanceOf(Uint8Array)
    }

    expect(await source.get(missing[0])).to.equal(undefined)
  })
})
