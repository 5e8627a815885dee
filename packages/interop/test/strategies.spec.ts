import { STRATEGIES } from '@kitsune/want-router'
import { expect } from 'aegir/chai'
import { seededBlocks } from '../src/blocks.ts'
import { createDag, leafCids } from '../src/dag.ts'
import { memberMetric, membersUp, shares } from '../src/member-metrics.ts'
import { needKubo } from '../src/needs.ts'
import { startRelay } from '../src/relay.ts'
import { stack } from '../src/stack.ts'
import { quantile, timedFetch } from '../src/timed-fetch.ts'
import type { Balancer } from '../src/balancer.ts'
import type { WirePeer } from '../src/wire-peer.ts'
import type { CID } from 'multiformats/cid'

/** How much the proxy in front of the slow node adds to a round trip, ms. */
const ADDED_MS = 200
const OPEN = 8
const ROUNDS = 3
/** Enough wants that finding out that a node is empty, which takes some twenty wants with this many open, is below 5 %. */
const BLOCKS = 600
const FILE = { size: BLOCKS * 256, blockSize: 256, seed: 'strategies' }

/** With identical nodes these strategies follow random differences of latency, so changing shares show nothing: a node that is slow for a moment has more in flight. */
const FOLLOW_LATENCY = ['presence(least-loaded)', 'presence(peak-ewma)', 'presence(hot-cold)']

describe('strategies, with four kubos', function () {
  this.timeout(60_000)

  let binary: string
  let cids: CID[]
  /** The members by their swarm addresses, so that the balancer cannot bypass the proxy; the last one differs. */
  let oneSlow: string[]
  let oneEmpty: string[]
  const nodes = stack(() => binary)
  const peers = stack()

  before(async function () {
    binary = needKubo(this, 'strategies with real nodes')
    cids = await leafCids(FILE)
    const dag = await createDag(binary, FILE)
    const [first, second, third, far, empty] = await Promise.all([
      ...Array.from({ length: 4 }, async () => nodes.kubo({ dag })),
      nodes.kubo()
    ])
    const relay = await startRelay(far.tcp, { delay: ADDED_MS })
    nodes.onStop(relay.stop)
    oneSlow = [first.tcp, second.tcp, third.tcp, relay.address]
    oneEmpty = [first.tcp, second.tcp, third.tcp, empty.tcp]
  })

  afterEach(async () => {
    await peers.stop()
  })

  after(async () => {
    await nodes.stop()
  })

  /** Starts a balancer that knows all members, and returns how to fetch blocks through it as a new client. */
  const start = async (members: readonly string[], strategy: string): Promise<{ balancer: Balancer, fetch (cids: readonly CID[]): Promise<number[]> }> => {
    const balancer = await peers.balancer({ downstreams: members, args: ['--strategy', strategy] })
    await membersUp(balancer, members)

    return {
      balancer,
      async fetch (cids) {
        const client = await peers.wire()
        await client.connect(balancer.tcp)

        return timedFetch(client, balancer.peerId, cids, { open: OPEN })
      }
    }
  }

  it('one of them slow by 200 ms: peak EWMA\'s p99 is at most a third of round robin\'s', async () => {
    const turns = await start(oneSlow, 'round-robin')
    const ewma = await start(oneSlow, 'peak-ewma')
    const ratios: number[] = []

    // by turns, since a busy machine is busy for both
    for (let round = 0; round < ROUNDS; round++) {
      const part = cids.slice(round * BLOCKS / ROUNDS, (round + 1) * BLOCKS / ROUNDS)

      ratios.push(quantile(await ewma.fetch(part), 0.99) / quantile(await turns.fetch(part), 0.99))
    }

    expect(quantile(ratios, 0.5), `of ${ratios.join(', ')}`).to.be.at.most(1 / 3)
    expect((await share(turns.balancer, oneSlow)).at(-1), 'the share of the slow one under round robin').to.be.above(0.2)
    expect((await share(ewma.balancer, oneSlow)).at(-1), 'the share of the slow one under peak EWMA').to.be.below(0.05)
  })

  it('one of them empty: round robin keeps asking it', async () => {
    const { balancer, fetch } = await start(oneEmpty, 'round-robin')
    await fetch(cids)

    expect((await share(balancer, oneEmpty)).at(-1)).to.be.above(0.15)
  })

  const withPresence = Object.entries(STRATEGIES)
    .filter(([, { wraps }]) => wraps == null)
    .map(([name]) => `presence(${name})`)

  const strategies = [...withPresence, 'bounded-load(presence(rendezvous))']

  strategies.forEach(strategy => {
    it(`one of them empty: ${strategy} asks it for at most 5 % of blocks, also beside a client that wants blocks that no node has`, async () => {
      const { balancer, fetch } = await start(oneEmpty, strategy)
      const other = await peers.wire()
      await other.connect(balancer.tcp)

      await fetch(cids)
      const alone = await memberMetric(balancer, 'blocks_total', oneEmpty)
      expect((await share(balancer, oneEmpty)).at(-1), 'alone').to.be.at.most(0.05)

      const asksAlone = await memberMetric(balancer, 'asks_total', oneEmpty)
      const done = new AbortController()
      const [wanted] = await Promise.all([
        wantNowhere(other, balancer.peerId, done.signal),
        fetch(cids).finally(() => { done.abort() })
      ])
      const blocks = await memberMetric(balancer, 'blocks_total', oneEmpty)
      // without the blocks that no node has, for which each was asked once
      const asks = (await memberMetric(balancer, 'asks_total', oneEmpty)).map((asks, i) => asks - asksAlone[i] - wanted)

      expect(wanted).to.be.above(BLOCKS / 10)
      expect(shares(asks).at(-1), 'beside the other client').to.be.within(0, 0.05)

      if (!FOLLOW_LATENCY.includes(strategy)) {
        shares(blocks.map((count, i) => count - alone[i])).forEach((share, i) => {
          expect(share, `of the blocks, from member ${i}`).to.be.closeTo(shares(alone)[i], 0.1)
        })
      }
    })
  })

  const share = async (balancer: Balancer, members: readonly string[]): Promise<number[]> => shares(await memberMetric(balancer, 'asks_total', members))
})

/** Wants blocks that do not exist, twenty at a time, and waits for each DONT_HAVE, until the signal. Returns how many. */
async function wantNowhere (client: WirePeer, peer: string, signal: AbortSignal): Promise<number> {
  let wanted = 0

  while (!signal.aborted) {
    const nowhere = await seededBlocks(20, 32, `nowhere ${wanted}`)
    wanted += nowhere.length
    await client.want(peer, nowhere.map(({ cid }) => cid), { sendDontHave: true })
    await client.until(() => client.presences.size === wanted, 'DONT_HAVE of what no node has') // eslint-disable-line no-loop-func
  }

  return wanted
}
