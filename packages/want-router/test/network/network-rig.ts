import { createNetwork } from '../../src/network/network.ts'
import { fakeClock, fakeHost, randomPeer, settled } from './fakes.ts'
import { numbers } from './messages.ts'
import type { Clock, FakeHost } from './fakes.ts'
import type { NetworkLimits } from '../../src/network/defaults.ts'
import type { Network } from '../../src/network/network.ts'
import type { BitswapMessage, BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { PeerId } from '@libp2p/interface'

/** A network that has started, and everything around it. */
export interface NetworkRig {
  readonly ann: PeerId
  readonly bob: PeerId
  readonly clock: Clock
  readonly host: FakeHost
  net: Network
  heard: Array<[peer: string, numbers: number[], protocol: BitswapProtocol]>
  came: string[]
  gone: string[]
  /** What there is to send to each peer. */
  queues: Map<string, Outgoing[]>
  onMessage (peer: string, message: BitswapMessage): Promise<void> | undefined
  /** Makes another network, on the same host. */
  create (limits?: Partial<NetworkLimits>): Network
  restart (limits: Partial<NetworkLimits>): Promise<void>
  send (peer: PeerId, ...messages: Outgoing[]): Promise<void>
}

export async function createNetworkRig (): Promise<NetworkRig> {
  const [ann, bob] = [await randomPeer(), await randomPeer()]
  const clock = fakeClock()
  const host = fakeHost()

  function create (limits?: Partial<NetworkLimits>): Network {
    return createNetwork({
      exchange: {
        receive (peer, message, protocol) {
          rig.heard.push([peer, numbers(message), protocol])

          return rig.onMessage(peer, message)
        },
        take: peer => rig.queues.get(peer)?.shift(),
        came (peer) { rig.came.push(peer) },
        gone (peer) { rig.gone.push(peer) }
      },
      now: clock.now,
      random: () => 1,
      after: clock.after,
      limits
    }, host)
  }

  const rig: NetworkRig = {
    ann,
    bob,
    clock,
    host,
    heard: [],
    came: [],
    gone: [],
    queues: new Map(),
    onMessage: () => undefined,
    net: create(),
    create,

    async restart (limits) {
      await rig.net.stop()
      rig.net = create(limits)
      await rig.net.start()
    },

    async send (peer, ...messages) {
      const id = peer.toString()
      rig.queues.set(id, [...rig.queues.get(id) ?? [], ...messages])
      rig.net.wake(id)
      await settled()
    }
  }

  await rig.net.start()

  return rig
}
