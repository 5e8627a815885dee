import { expect } from 'aegir/chai'
import { seededBlocks } from '../src/blocks.ts'
import { memberMetric, membersUp } from '../src/member-metrics.ts'
import { needKubo } from '../src/needs.ts'
import { serveBlocks } from '../src/serve-blocks.ts'
import { stack } from '../src/stack.ts'
import type { TestBlock } from '../src/blocks.ts'
import type { Received } from '../src/wire-inbox.ts'
import type { WirePeer } from '../src/wire-peer.ts'
import type { BitswapMessage } from '@kitsune/bitswap-codec'

/** How long it may take to find out how long wantlists may be, and to serve everything, ms. */
const WITHIN = 5_000
/** How long it may take to serve everything if that is configured, ms. */
const WITHIN_CONFIGURED = 1_000

describe('a node that ignores long wantlists', function () {
  this.timeout(60_000)

  let binary: string
  const peers = stack(() => binary)

  before(function () {
    binary = needKubo(this, 'a node that ignores long wantlists beside a kubo')
  })

  afterEach(async () => {
    await peers.stop()
  })

  function wanted ({ wants }: BitswapMessage): number {
    return wants.filter(({ cancel }) => !cancel).length
  }

  /** Serves messages of up to this many wants, and does not answer others. */
  function shortOnly (blocks: readonly TestBlock[], most: number): (received: Received, self: WirePeer) => void {
    const serve = serveBlocks(blocks)

    return (received, self) => {
      if (wanted(received.message) <= most) {
        serve(received, self)
      }
    }
  }

  interface Variant { what: string, most: number, count: number, parameter?: string, beside?: boolean, haves?: boolean }

  const variants: Variant[] = [
    { what: 'more than 16', most: 16, count: 200 },
    { what: 'more than one', most: 1, count: 200 },
    { what: 'more than 500', most: 500, count: 1_000, haves: true },
    { what: 'more than 16, beside a kubo that has nothing', most: 16, count: 200, beside: true },
    { what: 'more than 16, as the configuration says', most: 16, count: 200, parameter: ';entries=16' }
  ]

  for (const { what, most, count, parameter = '', beside = false, haves = false } of variants) {
    it(`serves everything that it is asked for nevertheless: ${what}`, async () => {
      const blocks = await seededBlocks(count, 1_000, `short ${most}`)
      const node = await peers.wire({ listen: ['tcp'], onMessage: shortOnly(blocks, most) })
      const others = beside ? [`${(await peers.kubo()).url};name=kubo`] : []
      const balancer = await peers.balancer({ downstreams: [`${node.addresses[0]};name=short${parameter}`, ...others] })
      await membersUp(balancer, beside ? ['short', 'kubo'] : ['short'])
      const client = await peers.wire()
      await client.connect(balancer.tcp)

      const start = performance.now()
      const cids = blocks.map(({ cid }) => cid)

      if (haves) {
        // more want-haves than want-blocks are asked at once, since blocks need space for their bytes
        await client.want(balancer.peerId, cids, { type: 'have' })
        await client.until(() => cids.every(cid => client.presences.get(cid.toString()) === 'have'), 'HAVE for each', 30_000)
      }

      await client.fetch(balancer.peerId, cids, 30_000)
      expect(performance.now() - start).to.be.lessThan(parameter === '' ? WITHIN : WITHIN_CONFIGURED)

      if (parameter !== '') {
        expect(node.received.filter(({ message }) => wanted(message) > most), 'messages that were ignored').to.deep.equal([])
      }

      expect(await memberMetric(balancer, 'ejections_total', ['short'])).to.deep.equal([0])
    })
  }
})
