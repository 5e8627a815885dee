import { createHost } from '@kitsune/host/node'
import { wantRouter } from '@kitsune/want-router'
import { peers as staticPeers } from '@kitsune/want-router/discovery/static'
import { expect } from 'aegir/chai'
import { createDag } from '../src/dag.ts'
import { needKubo } from '../src/needs.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import type { Dag } from '../src/dag.ts'
import type { WantRouter } from '@kitsune/want-router'
import type { Libp2p } from '@libp2p/interface'

const MiB = 1 << 20
const agent = { name: 'test', version: '0.0.0' }

for (const hosts of ['one host', 'two hosts'] as const) {
  describe(`a router in both directions between two kubos, ${hosts}`, function () {
    this.timeout(120_000)

    let binary: string
    let below: Dag
    let above: Dag
    let downstream: Libp2p | undefined
    let host: Libp2p<{ router: WantRouter }>
    const peers = stack(() => binary)

    before(async function () {
      binary = needKubo(this, 'serves both ways')
      below = await createDag(binary, { size: 8 * MiB, blockSize: 256 << 10, seed: 'below' })
      above = await createDag(binary, { size: 8 * MiB, blockSize: 256 << 10, seed: 'above' })
    })

    afterEach(async () => {
      await host.stop()
      await downstream?.stop()
      downstream = undefined
      await peers.stop()
    })

    it('lets each pin a DAG of the other, at the same time', async () => {
      const node = await peers.kubo({ dag: below })
      const client = await peers.kubo({ dag: above })

      if (hosts === 'two hosts') {
        downstream = await createHost({ agent })
        await downstream.start()
      }

      host = await createHost({
        agent,
        listen: ['/ip4/127.0.0.1/tcp/0'],
        services: { router: wantRouter({ targets: staticPeers([node.tcp]), downstream, reverse: { members: 'connected' } }) }
      })
      await host.start()
      const { router } = host.services
      await poll(() => router.ready, 'the node is connected')
      await client.connect(`${host.getMultiaddrs()[0]}`)
      await poll(() => router.reverse?.status().members.length === 1, 'the client is a member')

      const signal = AbortSignal.timeout(60_000)
      await Promise.all([client.pin(below.root, { signal }), node.pin(above.root, { signal })])
      expect(await client.cat(below.root)).to.deep.equal({ sha256: below.sha256, length: below.size })
      expect(await node.cat(above.root)).to.deep.equal({ sha256: above.sha256, length: above.size })

      const [forward, reverse] = [router.status(), router.reverse?.status()]
      expect(forward.members[0].totals.blocks).to.be.at.least(below.size / below.blockSize)
      expect(reverse?.members[0].totals.blocks).to.be.at.least(above.size / above.blockSize)
      expect([forward.members[0].totals.unsolicited, reverse?.members[0].totals.unsolicited]).to.deep.equal([0, 0])
      expect(await client.peers()).to.deep.equal([host.peerId.toString()])
    })
  })
}
