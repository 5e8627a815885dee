import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { expect } from 'aegir/chai'
import { createDag } from '../src/dag.ts'
import { needKubo, needOldKubo } from '../src/needs.ts'
import { removeFolder, temporaryFolder } from '../src/processes.ts'
import { stack } from '../src/stack.ts'
import type { Dag } from '../src/dag.ts'
import type { Kubo } from '../src/kubo.ts'

// Their keys do not fit one small message: kubo sends identify to such a peer in two.
describe('RSA identities of 4,096 bits', function () {
  this.timeout(120_000)

  let binary: string
  let oldBinary: string
  let dag: Dag
  let folder: string
  const peers = stack(() => binary)
  const old = stack(() => oldBinary)

  before(async function () {
    binary = needKubo(this, 'RSA identities')
    oldBinary = needOldKubo(this, 'RSA identities')
    dag = await createDag(binary, { size: 4 << 20, blockSize: 1 << 16, seed: 'rsa' })
    folder = temporaryFolder('rsa')
  })

  afterEach(async () => {
    await old.stop()
    await peers.stop()
  })

  after(() => {
    removeFolder(folder)
  })

  const expectPinned = async (client: Kubo): Promise<void> => {
    await client.pin(dag.root, { signal: AbortSignal.timeout(20_000) })
    expect(await client.cat(dag.root)).to.deep.equal({ sha256: dag.sha256, length: dag.size })
  }

  const transports = ['tcp', 'ws'] as const

  transports.forEach(transport => {
    it(`of a client and of a node, over ${transport}`, async () => {
      const node = await peers.kubo({ dag, key: 'rsa-4096' })
      const client = await peers.kubo({ key: 'rsa-4096' })
      const balancer = await peers.balancer({ downstreams: [node[transport]] })

      await client.connect(balancer[transport])
      await expectPinned(client)
    })
  })

  it('of the balancer, to which kubos new and old are clients', async () => {
    const keyFile = join(folder, 'key')
    writeFileSync(keyFile, privateKeyToProtobuf(await generateKeyPair('RSA', 4096)), { mode: 0o600 })
    const node = await peers.kubo({ dag })
    const balancer = await peers.balancer({ downstreams: [node.url], keyFile })
    expect(balancer.peerId).to.match(/^Qm/)

    for (const client of [await peers.kubo(), await peers.kubo({ key: 'rsa-4096' }), await old.kubo()]) {
      await client.connect(balancer.tcp)
      await expectPinned(client)
    }
  })
})
