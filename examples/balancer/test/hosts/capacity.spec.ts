import { TypedEventEmitter } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { capacity } from '../../src/hosts/capacity.ts'
import { quietLogger } from '../../src/hosts/quiet-logger.ts'
import type { Capacity, CapacityService } from '../../src/hosts/capacity.ts'
import type { Connection, Libp2pEvents, MultiaddrConnection } from '@libp2p/interface'

const PEER = peerIdFromString('12D3KooWJvyP4dnE7TQhYSNVc8GUv7LoGBHKcfUxSvSwCqWEBJfF')
const MAX = 3

/** A connection of which a test says what it does. */
interface Fake {
  readonly name: string
  readonly connection: Connection
  /** Since when it has been idle; undefined: it transfers. */
  idleSince: number | undefined
  unsent: number
}

describe('capacity', () => {
  let time: number
  let fakes: Map<Connection, Fake>
  let closed: string[]
  let room: Capacity
  let service: CapacityService
  let events: TypedEventEmitter<Libp2pEvents>

  beforeEach(async () => {
    time = 0
    fakes = new Map()
    closed = []
    events = new TypedEventEmitter()
    let asked: Connection
    room = capacity({
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
    service = room.service({ events, logger: quietLogger() })
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
    return room.gater.denyInboundConnection?.({} as unknown as MultiaddrConnection) === true
  }

  it('lets the one give way that has been idle for longest, and only when there is one too many', () => {
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

  it('takes it from the address that has most, though others have been idle for longer', () => {
    arrive('elder', { from: '/ip4/10.0.0.9/tcp/1' })
    arrive('a')
    arrive('b')
    arrive('new', { from: '/ip4/10.0.0.8/tcp/1' })

    expect(closed).to.deep.equal(['a'])
  })

  it('takes the addresses of one IPv6 network for one', () => {
    arrive('elder', { from: '/ip4/10.0.0.9/tcp/1' })
    arrive('a', { from: '/ip6/2001:db8:1:2::1/tcp/1' })
    arrive('b', { from: '/ip6/2001:db8:1:2::2/tcp/1' })
    arrive('new', { from: '/ip4/10.0.0.8/tcp/1' })

    expect(closed).to.deep.equal(['a'])
  })

  it('never cuts one that transfers, be it that the router has to send it something or that its socket has', () => {
    const [first, second] = ['a', 'b', 'c'].map(name => arrive(name))
    first.idleSince = undefined
    second.unsent = 1
    arrive('d')

    expect(closed).to.deep.equal(['c'])
  })

  it('refuses newcomers while nobody is idle, before they shake hands', () => {
    ['a', 'b', 'c'].forEach(name => { arrive(name, { idle: false }) })

    expect(denied()).to.be.true()
    expect(service.status).to.include({ full: true, admits: false, refused: 1 })
  })

  it('closes a newcomer that was admitted for a place that is not free any more', () => {
    const [a] = [arrive('a'), arrive('b', { idle: false }), arrive('c', { idle: false })]
    expect(denied()).to.be.false()
    a.idleSince = undefined
    arrive('d')

    expect(closed).to.deep.equal(['d'])
  })

  it('does not count what was dialled', () => {
    ['a', 'b', 'c', 'd', 'e'].forEach(name => { arrive(name, { direction: 'outbound' }) })

    expect(closed).to.be.empty()
    expect(service.status).to.include({ open: 0, full: false })
  })

  it('forgets those that have left', () => {
    const all = ['a', 'b', 'c'].map(name => arrive(name))
    all.forEach(({ connection }) => { events.dispatchEvent(new CustomEvent('connection:close', { detail: connection })) })

    expect(service.status).to.include({ open: 0, full: false, admits: true })
  })
})
