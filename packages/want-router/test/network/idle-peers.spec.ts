import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'aegir/chai'
import { randomPeer } from './fakes.ts'
import { allNumbers, numbered } from './messages.ts'
import { createNetworkRig } from './network-rig.ts'
import type { FakeConnection } from './fakes.ts'
import type { NetworkRig } from './network-rig.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const PEERS = 1_000
/** Peers that come and go before, so that what is made once is there. */
const FIRST = 200
const MOST_BYTES = 1_024

/** Bytes of all objects, without what the compiler adds when it likes. */
function usedBytes (): number {
  collect()
  collect()

  return getHeapSpaceStatistics().filter(({ space_name: name }) => !/code|trusted/.test(name)).reduce((sum, { space_used_size: size }) => sum + size, 0)
}

/** Opens a connection to each of so many peers. */
async function connect (rig: NetworkRig, count: number): Promise<FakeConnection[]> {
  const ids = await Promise.all(Array.from({ length: count }, randomPeer))

  return ids.map(id => {
    // libp2p has called it already, and a peer id keeps what it returns
    id.toString()

    return rig.host.connected(id)
  })
}

describe('network: peers that are connected and say nothing', function () {
  this.timeout(60_000)

  it('cost less than a kilobyte each', async () => {
    const rig = await createNetworkRig()
    const first = await connect(rig, FIRST)
    await rig.clock.advance(60_000)
    first.forEach(connection => { connection.end() })
    await rig.net.stop()
    const connections = await connect(rig, PEERS)
    const before = usedBytes()

    await rig.net.start()
    // each is greeted, on a stream that ends after a while
    await rig.clock.advance(60_000)
    expect(connections.map(({ streams }) => streams.length)).to.deep.equal(connections.map(() => 1))
    connections.forEach(connection => { connection.streams = [] })
    expect(rig.net.sizes).to.deep.equal({ peers: PEERS, watched: 0 })
    expect((usedBytes() - before) / PEERS, 'bytes each').to.be.within(1, MOST_BYTES)
    await rig.net.stop()
  })

  it('are written to as before when there is something to say, again and again', async () => {
    const rig = await createNetworkRig()
    const connection = rig.host.connected(rig.ann)

    for (const i of [1, 2, 3]) {
      await rig.clock.advance(60_000)
      expect(rig.net.sizes.watched).to.equal(0)
      await rig.send(rig.ann, numbered(i))
      await rig.send(rig.ann, numbered(10 * i))
      expect(allNumbers(connection.last.left)).to.deep.equal([i, 10 * i])
    }

    // a greeting, and one each time
    expect(connection.streams).to.have.lengthOf(4)
    await rig.net.stop()
  })
})
