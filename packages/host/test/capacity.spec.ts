import { TypedEventEmitter } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { createCapacity } from '../src/capacity.ts'
import { createQuietLogger } from '../src/quiet-logger.ts'
import type { Capacity, CapacityService } from '../src/capacity.ts'
import type { Connection, Libp2pEvents, MultiaddrConnection } from '@libp2p/interface'

const PEER = peerIdFromString('12D3KooWJvyP4dnE7TQhYSNVc8GUv7LoGBHKcfUxSvSwCqWEBJfF')
const MAX = 3

/** A connection that a test controls. */
interface Fake {
  readonly name: string
  readonly connection: Connection
  /** When it became idle; undefined while it transfers. */
  idleSince: number | undefined
  unsent: number
}

describe('capacity', () => {
  let time: number
  let fakes: Map<Connection, Fake>
  let closed: string[]
  let capacity: Capacity
  let service: CapacityService
  let events: TypedEventEmitter<Libp2pEvents>

  beforeEach(async () => {
    time = 0
    fakes = new Map()
    closed = []
    events = new TypedEventEmitter()
    let asked: Connection
    capacity = createCapacity({
      max: MAX,
      now: () => time,
      traffic: {
        of (connection) {
          asked = connection as Connection
          const waiting = fakes.get(asked)?.unsent ?? 0

          return { received: 0, taken: 0, waiting }
        }
      },
      idleFor () {
        const since = fakes.get(asked)?.idleSince

        return since == null ? undefined : time - since
      }
    })
    service = capacity.service({ events, logger: createQuietLogger() })
    await service.start()
  })

  afterEach(async () => {
    await service.stop()
  })

  function arrive (name: string, { from = '/ip4/10.0.0.1/tcp/1', idle = true, direction = 'inbound' } = {}): Fake {
    const connection = {
      status: 'open',
      direction,
      remotePeer: PEER,
      remoteAddr: multiaddr(from),
      streams: [],
      close: async () => {
        closed.push(name)
        events.dispatchEvent(new CustomEvent('connection:close', { detail: connection }))
      },
      abort: () => {}
    } as unknown as Connection
    const fake = { name, connection, idleSince: idle ? time : undefined, unsent: 0 }
    fakes.set(connection, fake)
    events.dispatchEvent(new CustomEvent('connection:open', { detail: connection }))
    time += 1000

    return fake
  }

  function denied (): boolean {
    return capacity.gater.denyInboundConnection?.({} as unknown as MultiaddrConnection) === true
  }

  it('closes the connection that has been idle longest, and only when there is one too many', () => {
    const [a] = ['a', 'b', 'c'].map(name => arrive(name))
    expect(closed).to.be.empty()
    expect(service.status).to.include({ open: 3, full: true, admits: true, evicted: 0 })

    a.idleSince = time
    time += 1000
    expect(denied()).to.be.false()
    arrive('d')

    expect(closed).to.deep.equal(['b'])
    expect(service.status).to.include({ open: 3, full: true, admits: true, evicted: 1, refused: 0 })
  })

  it('closes one of the address with the most connections, even if others have been idle longer', () => {
    arrive('elder', { from: '/ip4/10.0.0.9/tcp/1' })
    arrive('a')
    arrive('b')
    arrive('new', { from: '/ip4/10.0.0.8/tcp/1' })

    expect(closed).to.deep.equal(['a'])
  })

  it('counts the addresses of one IPv6 network as one', () => {
    arrive('elder', { from: '/ip4/10.0.0.9/tcp/1' })
    arrive('a', { from: '/ip6/2001:db8:1:2::1/tcp/1' })
    arrive('b', { from: '/ip6/2001:db8:1:2::2/tcp/1' })
    arrive('new', { from: '/ip4/10.0.0.8/tcp/1' })

    expect(closed).to.deep.equal(['a'])
  })

  it('never closes one that transfers, whether data waits in the router or in its socket', () => {
    const [first, second] = ['a', 'b', 'c'].map(name => arrive(name))
    first.idleSince = undefined
    second.unsent = 1
    arrive('d')

    expect(closed).to.deep.equal(['c'])
  })

  it('refuses new connections before their handshake while no client is idle', () => {
    ['a', 'b', 'c'].forEach(name => { arrive(name, { idle: false }) })

    expect(denied()).to.be.true()
    expect(service.status).to.include({ full: true, admits: false, refused: 1 })
  })

  it('closes a new connection whose place is no longer free after its handshake', () => {
    const [a] = [arrive('a'), arrive('b', { idle: false }), arrive('c', { idle: false })]
    expect(denied()).to.be.false()
    a.idleSince = undefined
    arrive('d')

    expect(closed).to.deep.equal(['d'])
  })

  it('does not count outbound connections', () => {
    ['a', 'b', 'c', 'd', 'e'].forEach(name => { arrive(name, { direction: 'outbound' }) })

    expect(closed).to.be.empty()
    expect(service.status).to.include({ open: 0, full: false })
  })

  it('forgets connections that have closed', () => {
    const all = ['a', 'b', 'c'].map(name => arrive(name))
    all.forEach(({ connection }) => { events.dispatchEvent(new CustomEvent('connection:close', { detail: connection })) })

    expect(service.status).to.include({ open: 0, full: false, admits: true })
  })
})
