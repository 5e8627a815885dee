import { createServer } from 'node:http'
import { encodeFrame } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { pour } from '../src/attack/flood.ts'
import { createHolder } from '../src/attack/holder.ts'
import { createHonestClient } from '../src/attack/honest.ts'
import { freshCid, freshWants } from '../src/attack/messages.ts'
import { FULL } from '../src/full.ts'
import { stack } from '../src/stack.ts'
import { poll } from '../src/until.ts'
import { expectReturned, expectSlices, held } from './support/bounds.ts'
import type { Transport } from '../src/attack/flood.ts'
import type { Holder } from '../src/attack/holder.ts'
import type { ProbedBalancer } from '../src/attack/probed-balancer.ts'
import type { Balancer } from '../src/balancer.ts'
import type { WirePeer } from '../src/wire-peer.ts'
import type { Stream } from '@libp2p/interface'
import type { AddressInfo } from 'node:net'

const V1_2 = '/ipfs/bitswap/1.2.0'
const DURATION = FULL ? 10_000 : 1_500
const MB = 1_000_000

describe('floods in which members have a part', function () {
  this.timeout(120_000)

  const peers = stack()
  let holder: Holder
  let good: WirePeer

  beforeEach(async () => {
    holder = createHolder()
    good = await peers.wire({ listen: ['tcp'], keeps: false, onMessage: holder.onMessage })
  })

  afterEach(async () => {
    await peers.stop()
  })

  /** Floods while an honest client is measured, and expects that it loses nothing, and that the balancer decides in slices and returns its memory. */
  const beside = async (balancer: ProbedBalancer, transport: Transport, flood: (init: { pour (stream: Stream, rate: number, next: () => Uint8Array): Promise<void> }) => Promise<unknown>): Promise<void> => {
    const honest = await createHonestClient(balancer[transport], `beside ${balancer.peerId}`, holder.hold)
    peers.onStop(async () => honest.stop())
    // the permanent cost of the first wants is not the cost of a flood
    await honest.measure(500)
    const before = await held(balancer)
    const end = performance.now() + DURATION
    const under = {
      get over () { return performance.now() >= end },
      sent () {},
      rest: async (ms: number) => new Promise<void>(resolve => { setTimeout(resolve, ms) })
    }
    const [{ lost, count }] = await Promise.all([
      honest.measure(DURATION),
      flood({ pour: async (stream, rate, next) => pour(under, stream, rate, next) })
    ])
    expect(lost, `of ${count} wants of the honest client`).to.equal(0)
    await expectSlices(balancer)
    await expectReturned(balancer, before)
  }

  /** Starts a balancer with a member that floods and a good one, which are asked in turn. */
  const between = async (bad: WirePeer): Promise<ProbedBalancer> => {
    const balancer = await peers.probed({ downstreams: [`${bad.addresses[0]};name=bad`, `${good.addresses[0]};name=good`], args: ['--strategy', 'round-robin'] })
    await poll(async () => await balancer.metric('kitsune_router_member_up') === 2, 'both members to be connected')

    return balancer
  }

  const streamsTo = (bad: WirePeer): string[] => bad.host.getPeers().map(String)

  /** Starts an RPC that reports the named balancer once it runs. */
  const rpcOf = async (transport: Transport): Promise<{ named?: Balancer, readonly url: string }> => {
    const state: { named?: Balancer, url: string } = { url: '' }
    const rpc = createServer((request, response) => {
      const { named } = state
      request.resume()
      response.statusCode = named == null || request.url?.startsWith('/api/v0/id') !== true ? 500 : 200
      response.end(JSON.stringify({ ID: named?.peerId, Addresses: named == null ? [] : [named[transport]] }))
    })
    await new Promise<void>(resolve => rpc.listen(0, '127.0.0.1', resolve))
    peers.onStop(async () => new Promise(resolve => {
      rpc.closeAllConnections()
      rpc.close(resolve)
    }))
    state.url = `http://127.0.0.1:${(rpc.address() as AddressInfo).port}`

    return state
  }

  const flooding = async (balancer: Balancer, transport: Transport): Promise<{ client: WirePeer, stream: Stream }> => {
    const client = await peers.wire({ keeps: false })
    await client.connect(balancer[transport])

    return { client, stream: await client.openStream(balancer.peerId) }
  }

  for (const transport of ['tcp', 'ws'] as const) {
    describe(`over ${transport}`, () => { floods(transport) })
  }

  function floods (transport: Transport): void {
    it('a balancer that is named as its own member asks itself for nothing, and is not ready without another', async () => {
      const rpc = await rpcOf(transport)
      const balancer = await peers.probed({ downstreams: [`${rpc.url};name=self`, `${good.addresses[0]};name=good`] })
      rpc.named = balancer
      const alone = await rpcOf(transport)
      alone.named = await peers.balancer({ downstreams: [alone.url], ready: false })

      for (const { admin } of [balancer, alone.named]) {
        await poll(async () => (await (await fetch(`${admin}/status`)).text()).includes('is the router itself'), 'it to say that it is its own member')
      }

      const { stream } = await flooding(balancer, transport)
      await beside(balancer, transport, async ({ pour }) => pour(stream, MB, () => freshWants(256)))
      expect(await balancer.metric('kitsune_router_member_asks_total', 'self')).to.equal(0)
      expect(await balancer.metric('kitsune_router_member_asks_total', 'good')).to.be.above(0)
      expect(await alone.named.ready()).to.equal(false)
    })

    it('two balancers that are members of each other do not ask each other endlessly, and forget cancelled wants within thirty seconds', async () => {
      const rpc = await rpcOf(transport)
      const first = await peers.probed({ downstreams: [rpc.url, good.addresses[0]], ready: false })
      const second = await peers.balancer({ downstreams: [first[transport], good.addresses[0]] })
      rpc.named = second
      await poll(async () => await first.metric('kitsune_router_member_up') >= 1, 'the first to have members')

      const { client, stream } = await flooding(first, transport)
      await beside(first, transport, async ({ pour }) => pour(stream, MB, () => freshWants(256)))
      const asked = async (): Promise<number> => await first.metric('kitsune_router_wants_total') + await second.metric('kitsune_router_wants_total')
      await client.stop()

      for (const balancer of [first, second]) {
        await poll(async () => await balancer.metric('kitsune_router_fetches') === 0, 'cancelled wants to be gone', { timeout: 30_000, interval: 200 })
      }

      const before = await asked()
      await poll(async () => await first.metric('kitsune_router_wants') + await second.metric('kitsune_router_wants') === 0, 'no want to be left')
      expect(await asked(), 'wants that went on without a client').to.equal(before)
    })

    it('a member that only sends unsolicited answers is ejected', async () => {
      const bad = await peers.wire({ listen: [transport], keeps: false })
      const balancer = await between(bad)
      const presences = (): Uint8Array => Buffer.concat(encodeFrame({ presences: Array.from({ length: 500 }, () => ({ cid: freshCid().bytes, have: false })) }, V1_2))

      await beside(balancer, transport, async ({ pour }) => {
        const [id] = streamsTo(bad)
        await pour(await bad.openStream(id), 2 * MB, presences).catch(() => {})
      })

      await poll(async () => await balancer.metric('kitsune_router_member_ejections_total', 'bad') > 0, 'it to be ejected')
      expect(await balancer.metric('kitsune_router_member_unsolicited_blocks_total', 'bad')).to.be.above(16)
      expect(await balancer.metric('kitsune_router_member_ejections_total', 'good')).to.equal(0)
    })

    it('the blocks of a member that keeps sending 4 MiB of unsolicited ones are no longer hashed, and its session is ended', async () => {
      const bad = await peers.wire({ listen: [transport], keeps: false })
      const balancer = await between(bad)
      // blake2b-256, the slowest function that is verified
      const prefix = Uint8Array.from([1, 0x55, 0xa0, 0xe4, 2, 32])
      const blocks = Buffer.concat(encodeFrame({ blocks: Array.from({ length: 3 }, (_, i) => ({ prefix, data: new Uint8Array(1_300_000).fill(i) })) }, V1_2))
      let sessions = 0

      await beside(balancer, transport, async ({ pour }) => {
        const end = performance.now() + DURATION

        // a second session is waited for where the machine is slow
        while (performance.now() < (sessions > 1 ? end : end + 20_000)) {
          const [id] = streamsTo(bad)

          try {
            // it is connected to again, in between
            const stream = await bad.openStream(id)
            sessions++
            await pour(stream, 40 * MB, () => blocks)
          } catch {
            await new Promise(resolve => { setTimeout(resolve, 50) })
          }
        }
      })

      await poll(async () => await balancer.metric('kitsune_router_member_ejections_total', 'bad') > 0, 'it to be ejected')
      expect(sessions).to.be.above(1)
      expect(await balancer.metric('kitsune_router_member_ejections_total', 'good')).to.equal(0)
    })
  }
})
