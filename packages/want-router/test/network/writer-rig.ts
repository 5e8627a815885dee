import { defaultLogger } from '@libp2p/logger'
import { DEFAULT_NETWORK_LIMITS } from '../../src/network/defaults.ts'
import { createInFlightBudget } from '../../src/network/in-flight.ts'
import { createNetworkStats } from '../../src/network/stats.ts'
import { createWatch } from '../../src/network/watch.ts'
import { createWriter } from '../../src/network/writer.ts'
import { fakeClock, FakeConnection, randomPeer, settled } from './fakes.ts'
import type { Clock } from './fakes.ts'
import type { NetworkLimits } from '../../src/network/defaults.ts'
import type { InFlightBudget } from '../../src/network/in-flight.ts'
import type { NetworkStats } from '../../src/network/stats.ts'
import type { Watch } from '../../src/network/watch.ts'
import type { Writer } from '../../src/network/writer.ts'
import type { BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { Connection, PeerId } from '@libp2p/interface'

/** A writer to a peer with one connection, and everything around it. */
export interface WriterRig {
  readonly peer: PeerId
  readonly clock: Clock
  readonly stats: NetworkStats
  readonly watched: Watch
  connection: FakeConnection
  connections: FakeConnection[]
  /** What can be taken. */
  queue: Outgoing[]
  /** How it was taken. */
  taken: Array<{ maxBytes: number, protocol: BitswapProtocol }>
  stalled: number
  /** What writers share. */
  budget: InFlightBudget
  limits: NetworkLimits
  undecided: boolean
  lost: boolean
  write: Writer
  /** Makes another writer. */
  create (): Writer
  send (...messages: Outgoing[]): Promise<void>
}

export async function createWriterRig (): Promise<WriterRig> {
  const peer = await randomPeer()
  const clock = fakeClock()
  const stats = createNetworkStats()
  const watched = createWatch(DEFAULT_NETWORK_LIMITS.tickInterval, clock.now, clock.after)
  const connection = new FakeConnection(peer)

  function create (): Writer {
    return createWriter({
      limits: rig.limits,
      stats,
      watch: watched,
      log: defaultLogger().forComponent('test'),
      now: clock.now,
      random: () => 1,
      budget: rig.budget,
      undecided: () => rig.undecided,
      isLost: () => rig.lost,
      connections: () => rig.connections.filter(({ status }) => status === 'open') as Connection[],
      refused () {},
      take (maxBytes, protocol) {
        rig.taken.push({ maxBytes, protocol })

        return rig.queue.shift()
      },
      stalled: () => { rig.stalled++ },
      mayBeIdle () {}
    })
  }

  const rig: WriterRig = {
    peer,
    clock,
    stats,
    watched,
    connection,
    connections: [connection],
    queue: [],
    taken: [],
    stalled: 0,
    budget: createInFlightBudget(DEFAULT_NETWORK_LIMITS),
    limits: DEFAULT_NETWORK_LIMITS,
    undecided: false,
    lost: false,
    write: undefined as unknown as Writer,
    create,
    async send (...messages) {
      rig.queue.push(...messages)
      rig.write.wake()
      await settled()
    }
  }

  rig.write = create()

  return rig
}
