import { expect } from 'aegir/chai'
import { seededBlocks } from '../../src/blocks.ts'
import { FULL } from '../../src/full.ts'
import { needKubo } from '../../src/needs.ts'
import { startRelay } from '../../src/relay.ts'
import { serveBlocks } from '../../src/serve-blocks.ts'
import { stack } from '../../src/stack.ts'
import { poll } from '../../src/until.ts'
import { startPreloadNode } from '../support/preload-node.ts'
import type { Balancer } from '../../src/balancer.ts'
import type { Kubo } from '../../src/kubo.ts'
import type { Relay } from '../../src/relay.ts'
import type { WirePeer } from '../../src/wire-peer.ts'

const CLIENTS = FULL ? 100 : 20
const GAUGES = ['kitsune_preload_running', 'kitsune_preload_queued', 'kitsune_preload_link_bytes', 'kitsune_balancer_connections']
/** How soon nothing may be left of a client that aborts, ms. */
const ABORTED = 2000
/** The same if its line has fallen silent, including the time to notice it, ms. */
const FROZEN = 32_000

describe(`preload by ${CLIENTS} clients that leave`, function () {
  this.timeout(FULL ? 180_000 : 60_000)

  let binary: string
  let kubo: Kubo
  let balancer: Balancer
  const peers = stack(() => binary)

  before(async function () {
    binary = needKubo(this, 'preload by clients that leave')
  })

  beforeEach(async () => {
    ({ kubo, balancer } = await startPreloadNode(peers, '--trusted-proxy', '127.0.0.1'))
  })

  afterEach(async () => {
    await peers.stop()
  })

  /** What the balancer and the node hold for requests. */
  const held = async (): Promise<Record<string, number>> => {
    const commands = await (await kubo.call('diag/cmds')).json() as Array<{ Command: string, Active: boolean }>
    const { Keys } = await (await kubo.call('bitswap/wantlist')).json() as { Keys: unknown[] | null }
    const gauges = await Promise.all(GAUGES.map(async name => [name, await balancer.metric(name)] as const))

    return { ...Object.fromEntries(gauges), refs: commands.filter(({ Command, Active }) => Command === 'refs' && Active).length, wants: Keys?.length ?? 0 }
  }

  const preloadSeries = async (): Promise<string[]> => [...(await balancer.metrics()).keys()].filter(name => name.startsWith('kitsune_preload_'))

  /** Makes clients that are each asked for a block, and do not answer. */
  const begin = async ({ ws, preload }: { readonly ws: string, readonly preload: string }, signal?: AbortSignal): Promise<{ clients: WirePeer[], requests: Array<Promise<Response>> }> => {
    const blocks = await seededBlocks(CLIENTS, 100, 'leaving')
    const clients = await Promise.all(blocks.map(async () => {
      const client = await peers.wire()
      await client.connect(ws)

      return client
    }))
    const requests = blocks.map(async ({ cid }, i) => fetch(`${preload}/api/v0/refs?arg=${cid}&peer=${clients[i]?.peerId}`, {
      method: 'POST',
      headers: { 'x-forwarded-for': `198.51.100.${i}` },
      signal
    }))
    requests.forEach(request => { request.catch(() => {}) })
    await poll(() => clients.every(client => client.wantsOf(balancer.peerId).size > 0), 'all clients to be asked', { timeout: 20_000 })

    return { clients, requests }
  }

  it('leaves nothing of clients that abort: not at the node, not at the balancer, and no wants at the clients', async () => {
    const [before, series] = await Promise.all([held(), preloadSeries()])
    const leaving = new AbortController()
    const { clients, requests } = await begin(balancer, leaving.signal)
    expect(await held()).to.deep.include({ refs: CLIENTS, wants: CLIENTS, kitsune_balancer_connections: CLIENTS })

    leaving.abort()
    await Promise.allSettled(requests)
    await poll(async () => {
      expect(await held()).to.deep.equal({ ...before, kitsune_balancer_connections: CLIENTS })

      return clients.every(client => client.wantsOf(balancer.peerId).size === 0)
    }, 'nothing to be left', { timeout: ABORTED })

    expect(await preloadSeries(), 'metrics have no label for a client or a request').to.deep.equal(series)
    await Promise.all(clients.map(async client => client.stop()))
    await poll(async () => await balancer.metric('kitsune_balancer_connections') === before.kitsune_balancer_connections, 'the connections to have closed', { timeout: ABORTED })
  })

  it('takes the rest from another client that asked for the same data when one leaves', async () => {
    const [block] = await seededBlocks(1, 100, 'taken over')

    const ask = async ({ peerId }: WirePeer): Promise<number> => {
      const response = await fetch(`${balancer.preload}/api/v0/refs?r=true&arg=${block.cid}&peer=${peerId}`, { method: 'POST' })
      await response.text()

      return response.status
    }

    const [silent, honest] = await Promise.all([peers.wire(), peers.wire({ onMessage: serveBlocks([block]) })])
    await silent.connect(balancer.ws)
    const first = ask(silent)
    await silent.until(() => silent.wantsOf(balancer.peerId).size > 0, 'it to be asked')
    await honest.connect(balancer.ws)
    const second = ask(honest)
    await silent.disconnect(balancer.peerId)

    expect(await Promise.all([first, second])).to.deep.equal([200, 200])
    expect(honest.received.some(({ message }) => message.wants.length > 0)).to.equal(true)
  })

  if (FULL) {
    it('leaves nothing of clients whose lines fall silent', async () => {
      const before = await held()
      const [libp2p, http] = await Promise.all([startRelay(balancer.ws), startRelay(`/ip4/127.0.0.1/tcp/${new URL(balancer.preload).port}`)])
      const relays: Relay[] = [libp2p, http]
      peers.onStop(async () => Promise.all(relays.map(async relay => relay.stop())))
      await begin({ ws: libp2p.address, preload: `http://127.0.0.1:${/\/tcp\/(\d+)/.exec(http.address)?.[1]}` })

      relays.forEach(relay => { relay.freeze() })
      await poll(async () => {
        expect(await held()).to.deep.equal(before)

        return true
      }, 'nothing to be left', { timeout: FROZEN, interval: 500 })
    })
  }
})
