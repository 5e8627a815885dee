/**
 * Runs in its own process, with --expose-gc: prints how many bytes a peer costs that is
 * connected and silent.
 */
import { deepEqual } from 'node:assert/strict'
import { getHeapSpaceStatistics } from 'node:v8'
import { randomPeer } from './fakes.ts'
import { createNetworkRig } from './network-rig.ts'
import type { FakeConnection } from './fakes.ts'
import type { NetworkRig } from './network-rig.ts'

const PEERS = 1_000
/** Peers that come and go before, so that everything that is made only once exists. */
const FIRST = 200

const { gc } = globalThis

if (gc == null) {
  throw new Error('this needs --expose-gc')
}

const collect = gc

/** Bytes of all objects, without what the compiler adds at any time. */
function usedBytes (): number {
  collect()
  collect()

  return getHeapSpaceStatistics().filter(({ space_name: name }) => !/code|trusted/.test(name)).reduce((sum, { space_used_size: size }) => sum + size, 0)
}

/** Opens a connection to each of a number of peers. */
async function connect (rig: NetworkRig, count: number): Promise<FakeConnection[]> {
  const ids = await Promise.all(Array.from({ length: count }, randomPeer))

  return ids.map(id => {
    // libp2p has called it already, and a peer id keeps what it returns
    id.toString()

    return rig.host.connected(id)
  })
}

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
deepEqual(connections.map(({ streams }) => streams.length), connections.map(() => 1))
connections.forEach(connection => { connection.streams = [] })
deepEqual(rig.net.sizes, { peers: PEERS, watched: 0 })
process.stdout.write(`${(usedBytes() - before) / PEERS}\n`)
await rig.net.stop()
