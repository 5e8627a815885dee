import { expect } from 'aegir/chai'
import { residentBytes } from '../../src/memory.ts'
import { needKubo } from '../../src/needs.ts'
import { recordPreload } from '../../src/preload-results.ts'
import { stack } from '../../src/stack.ts'
import { poll } from '../../src/until.ts'
import { describeFull } from '../support/describe-full.ts'
import { startPreloadNode } from '../support/preload-node.ts'
import type { WirePeer } from '../../src/wire-peer.ts'

const CLIENTS = 2000
/** Clients that connect and leave first, so that everything that is kept for ever exists. */
const FIRST = 50
/** The most that an idle client may cost, bytes: mostly libp2p, noise and the socket. */
const MOST = 256 << 10

describeFull(`${CLIENTS} idle clients over WebSockets`, function () {
  this.timeout(600_000)

  let binary: string
  const peers = stack(() => binary)

  before(function () {
    binary = needKubo(this, 'idle clients over WebSockets')
  })

  after(async () => {
    await peers.stop()
  })

  it('are connected to a balancer that preloads, which keeps little for each', async () => {
    const { balancer } = await startPreloadNode(peers, '--max-connections', '3000', '--max-new-connections', '3000')

    const connect = async (count: number): Promise<WirePeer[]> => {
      const clients: WirePeer[] = []

      for (let i = 0; i < count; i++) {
        const client = await peers.wire()
        clients.push(client)
        await client.connect(balancer.ws)
      }

      return clients
    }

    const connected = async (count: number): Promise<void> => {
      await poll(async () => await balancer.metric('kitsune_balancer_connections') === count, `${count} clients to be connected`)
    }

    const first = await connect(FIRST)
    await connected(FIRST)
    await Promise.all(first.map(async client => client.stop()))
    await connected(0)
    const before = residentBytes(balancer.pid)?.now ?? 0
    await connect(CLIENTS)
    await connected(CLIENTS)
    const each = ((residentBytes(balancer.pid)?.now ?? 0) - before) / CLIENTS

    recordPreload([{ what: 'resident for each of 2,000 idle clients over WebSockets', value: `${Math.round(each / 1024)} KiB` }])
    expect(each).to.be.below(MOST)
  })
})
