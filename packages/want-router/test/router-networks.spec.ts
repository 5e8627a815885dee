import { defaultLogger } from '@libp2p/logger'
import { expect } from 'aegir/chai'
import { DEFAULT_NETWORK_LIMITS } from '../src/index.ts'
import { createRouterNetworks } from '../src/router-networks.ts'
import type { NetworkLimits, RouterNetworkLimits } from '../src/index.ts'
import type { Network, NetworkInit } from '../src/network/network.ts'
import type { RouterNetworksInit } from '../src/router-networks.ts'
import type { Libp2p } from '@libp2p/interface'

type Arrangement = 'one host' | 'one host, both ways' | 'two hosts' | 'two hosts, both ways'

/** The limits of each network that is made, upstream first. */
function limitsOf (arrangement: Arrangement, limits?: RouterNetworkLimits): Array<NetworkInit['limits']> {
  const made: Array<NetworkInit['limits']> = []
  const unused = undefined as never
  const init: RouterNetworksInit = {
    components: unused,
    downstream: arrangement.startsWith('two') ? { logger: defaultLogger() } as unknown as Libp2p : undefined,
    engine: unused,
    driver: unused,
    sessions: unused,
    reverse: arrangement.endsWith('both ways') ? {} as never : undefined,
    limits,
    create ({ limits }) {
      made.push(limits)

      return {} as unknown as Network
    }
  }
  createRouterNetworks(init)

  return made
}

describe('router: networks', () => {
  /** Another value of every limit. */
  const other = (by: number): NetworkLimits => Object.fromEntries(Object.entries(DEFAULT_NETWORK_LIMITS).map(([name, value]) => [name, value + by])) as unknown as NetworkLimits

  it('get every limit that the router is given, each side its own', () => {
    const limits = { upstream: other(1), downstream: other(2) }

    expect(limitsOf('one host', limits)).to.deep.equal([other(1)])
    expect(limitsOf('one host, both ways', limits)).to.deep.equal([other(1)])
    expect(limitsOf('two hosts', limits)).to.deep.equal([other(1), other(2)])
    expect(limitsOf('two hosts, both ways', limits)).to.deep.equal([other(1), other(2)])
  })

  it('have their own limits for configured members', () => {
    expect(limitsOf('two hosts', { downstream: { maxLanes: 1 } })).to.deep.equal([undefined, { maxUnfinishedBytes: 64 * 1024 * 1024, maxLanes: 1 }])
    expect(limitsOf('two hosts')).to.deep.equal([undefined, { maxUnfinishedBytes: 64 * 1024 * 1024 }])
  })
})
