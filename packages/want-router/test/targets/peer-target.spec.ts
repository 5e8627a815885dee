import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { peerTarget } from '../../src/targets/peer-target.ts'
import { fakeContext, fakeTimers, recordingSink, settled } from './fixtures.ts'
import type { FakeTimers, RecordingSink } from './fixtures.ts'
import type { PeerTargetInit } from '../../src/targets/peer-target.ts'
import type { CancelledWant, LocatedPeer, PeerSessionHandlers, Target, TargetWant } from '../../src/targets/target.ts'

/** A downstream network of one node, which can be taken down and changed. */
interface World {
  readonly timers: FakeTimers
  readonly sink: RecordingSink
  readonly target: Target
  /** The addresses of each attempt to connect. */
  readonly dialled: LocatedPeer[]
  readonly locates: number[]
  readonly asked: string[]
  readonly sessions: Array<{ handlers: PeerSessionHandlers, closes: number }>
  located: LocatedPeer
  locate (signal: AbortSignal): Promise<LocatedPeer>
  dial (signal: AbortSignal): Promise<void>
}

const ADDRESS = multiaddr('/ip4/127.0.0.1/tcp/4001')
const never = new Promise<never>(() => {})

async function somebody (): Promise<LocatedPeer> {
  return { peer: peerIdFromPrivateKey(await generateKeyPair('Ed25519')), addresses: [ADDRESS] }
}

async function world (init: Partial<PeerTargetInit> = {}): Promise<World> {
  const timers = fakeTimers()
  const world: Omit<World, 'target'> = {
    timers,
    sink: recordingSink(),
    dialled: [],
    locates: [],
    asked: [],
    sessions: [],
    located: await somebody(),
    locate: async () => world.located,
    dial: async () => {}
  }
  const context = fakeContext(async (located, handlers, signal) => {
    world.dialled.push(located)
    await world.dial(signal)
    const session = { handlers, closes: 0 }
    world.sessions.push(session)

    const note = (what: string) => (wants: ReadonlyArray<TargetWant | CancelledWant>) => {
      world.asked.push(`${what} ${wants.map(({ key }) => key).join()}`)
    }

    return { supportsDontHave: true, ask: note('ask'), cancel: note('cancel'), close: () => { session.closes++ } }
  })
  const target = peerTarget({
    id: 'node',
    locate: async signal => {
      world.locates.push(timers.now())

      return world.locate(signal)
    },
    retry: { timers, random: () => 0 },
    ...init
  }).create(context)

  return Object.assign(world, { target })
}

const want = (key: string): TargetWant => ({ key, cid: new Uint8Array(), type: 'block', priority: 1, session: 'peer' })

const UP = 'up {"supportsDontHave":true}'

describe('peer target', () => {
  it('carries the name, weight and labels of its configuration', () => {
    const { id, weight, labels } = peerTarget({ id: 'a', weight: 2, labels: { zone: 'x' }, locate: async () => never })
    expect({ id, weight, labels }).to.deep.equal({ id: 'a', weight: 2, labels: { zone: 'x' } })
  })

  it('locates the peer, connects, and is up with the capacity of the router', async () => {
    const { sink, target, dialled, located } = await world()

    sink.closed = true
    const starting = target.start(sink)
    sink.closed = false
    await starting
    await settled()

    expect(dialled).to.deep.equal([located])
    expect(sink.events).to.deep.equal([UP])
    await target.stop()
  })

  it('is up with the configured capacity, if there is one', async () => {
    const { sink, target } = await world({ capacity: { wants: 64 } })
    await target.start(sink)
    await settled()

    expect(sink.events).to.deep.equal(['up {"supportsDontHave":true,"wants":64}'])
    await target.stop()
  })

  it('passes on what is asked, and what the peer says', async () => {
    const { sink, target, asked, sessions } = await world()
    await target.start(sink)
    await settled()
    const [{ handlers }] = sessions
    sink.taken = Promise.resolve()

    target.ask([want('a'), want('b')])
    target.cancel([want('b')])
    const taken = handlers.block(new Uint8Array(), new TextEncoder().encode('data'))
    handlers.presence('c', true)
    handlers.presence('d', false)
    handlers.load(1234)

    expect(asked).to.deep.equal(['ask a,b', 'cancel b'])
    expect(taken).to.equal(sink.taken)
    expect(sink.events).to.deep.equal([UP, 'block data', 'have c', 'dont-have d', 'load 1234'])
    await target.stop()
  })

  it('goes down when the session closes, and is up again after 100 ms', async () => {
    const { sink, target, timers, sessions } = await world()
    await target.start(sink)
    await timers.advance(5000)

    sessions[0].handlers.closed(new Error('reset'))
    await timers.advance(99)
    expect(sink.events).to.deep.equal([UP, 'down: reset'])
    await timers.advance(1)
    expect(sink.events).to.deep.equal([UP, 'down: reset', UP])
    await target.stop()
  })

  it('gives a reason even if the session does not', async () => {
    const { sink, target, timers, sessions } = await world()
    await target.start(sink)
    await settled()
    sessions[0].handlers.closed()
    await timers.advance(0)

    expect(sink.errors).to.have.nested.property('[0].name', 'ConnectionClosedError')
    await target.stop()
  })

  it('ignores what a closed session reports, and asks it nothing', async () => {
    const { sink, target, timers, sessions, asked } = await world()
    await target.start(sink)
    await settled()
    sessions[0].handlers.closed(new Error('reset'))
    await timers.advance(0)

    sessions[0].handlers.presence('a', true)
    sessions[0].handlers.load(1)
    expect(sessions[0].handlers.block(new Uint8Array(), new Uint8Array())).to.be.undefined()
    target.ask([want('a')])
    target.cancel([want('a')])

    expect(sink.events).to.deep.equal([UP, 'down: reset'])
    expect(asked).to.be.empty()
    await target.stop()
  })

  it('locates the peer again each time: it may come back with another peer id', async () => {
    const w = await world()
    await w.target.start(w.sink)
    await settled()
    const [before, after] = [w.located, await somebody()]

    w.located = after
    w.sessions[0].handlers.closed()
    await w.timers.advance(1000)

    expect(w.dialled).to.deep.equal([before, after])
    await w.target.stop()
  })

  it('retries after 100, 200, 400, 800 and then every 1,000 ms, and says why', async () => {
    const w = await world()
    w.locate = async () => { throw new Error('refused') }
    await w.target.start(w.sink)
    await w.timers.advance(3500)

    expect(w.locates).to.deep.equal([0, 100, 300, 700, 1500, 2500, 3500])
    expect(new Set(w.sink.events)).to.deep.equal(new Set(['down: refused']))
    await w.target.stop()
  })

  it('is up within 1 s after the peer returns, however long the outage was', async () => {
    const w = await world()
    w.dial = async () => { throw new Error('refused') }
    await w.target.start(w.sink)
    await w.timers.advance(3_600_000)
    expect(w.sink.events).to.not.include(UP)

    w.dial = async () => {}
    await w.timers.advance(1000)
    expect(w.sink.events.at(-1)).to.equal(UP)
    await w.target.stop()
  })

  it('shortens waits by up to half', async () => {
    const timers = fakeTimers()
    const w = await world({ retry: { timers, random: () => 0.999999 } })
    w.locate = async () => { throw new Error('refused') }
    await w.target.start(w.sink)
    await timers.advance(51)
    expect(w.locates).to.have.lengthOf(2)
    await timers.advance(100)
    expect(w.locates).to.have.lengthOf(3)
    await w.target.stop()
  })

  it('waits longer for a peer that closes each connection at once, and starts over when a connection has lasted', async () => {
    const w = await world()
    const connects: number[] = []
    w.dial = async () => { connects.push(w.timers.now()) }
    await w.target.start(w.sink)

    for (let i = 0; i < 5; i++) {
      await w.timers.advance(0)
      w.sessions.at(-1)?.handlers.closed()
      await w.timers.advance(connects.length === 5 ? 0 : 100 * 2 ** i)
    }

    expect(connects).to.deep.equal([0, 100, 300, 700, 1500])

    await w.timers.advance(1000)
    await w.timers.advance(1001)
    w.sessions.at(-1)?.handlers.closed()
    await w.timers.advance(100)
    expect(connects.slice(5)).to.deep.equal([2500, 3601])
    await w.target.stop()
  })

  it('gives up a locate that hangs after 2 s, even one that ignores its signal', async () => {
    const w = await world()
    let signal: AbortSignal | undefined

    w.locate = async given => {
      signal = given

      return never
    }

    await w.target.start(w.sink)
    await w.timers.advance(1999)
    expect(w.sink.events).to.be.empty()
    await w.timers.advance(1)

    expect(w.sink.errors).to.have.nested.property('[0].name', 'TimeoutError')
    expect(signal).to.have.property('aborted', true)

    w.locate = async () => w.located
    await w.timers.advance(100)
    expect(w.sink.events.at(-1)).to.equal(UP)
    await w.target.stop()
  })

  it('gives up a dial that hangs after 5 s, and closes the session if it comes after all', async () => {
    const w = await world()
    const gate = Promise.withResolvers<void>()
    w.dial = async () => gate.promise
    await w.target.start(w.sink)
    await w.timers.advance(5000)
    expect(w.sink.errors).to.have.nested.property('[0].name', 'TimeoutError')

    w.dial = async () => never
    gate.resolve()
    await w.timers.advance(200)
    expect(w.sessions.map(({ closes }) => closes)).to.deep.equal([1])
    expect(w.sink.events).to.not.include(UP)
    await w.target.stop()
  })

  it('survives a locate that throws at once', async () => {
    const w = await world({ locate: () => { throw new Error('bad luck') } })
    await w.target.start(w.sink)
    await w.timers.advance(0)

    expect(w.sink.events).to.deep.equal(['down: bad luck'])
    await w.target.stop()
    expect(w.timers.pending).to.equal(0)
  })

  const moments: Record<string, (w: World) => Promise<void>> = {
    'while it locates': async w => {
      w.locate = async () => never
      await w.target.start(w.sink)
      await settled()
    },
    'while it dials': async w => {
      w.dial = async () => never
      await w.target.start(w.sink)
      await settled()
    },
    'while it waits': async w => {
      w.dial = async () => { throw new Error('refused') }
      await w.target.start(w.sink)
      await w.timers.advance(50)
    },
    'while it is up': async w => {
      await w.target.start(w.sink)
      await settled()
    },
    'before it was started': async () => {}
  }

  for (const [when, begin] of Object.entries(moments)) {
    it(`stops ${when}: no timer, no session and no report is left`, async () => {
      const w = await world()
      await begin(w)
      const locates = w.locates.length
      await w.target.stop()
      w.sink.closed = true

      expect(w.timers.pending).to.equal(0)
      await w.timers.advance(60_000)
      expect(w.locates).to.have.lengthOf(locates)

      for (const { handlers, closes } of w.sessions) {
        expect(closes).to.equal(1)
        handlers.presence('a', true)
        handlers.closed()
      }

      await settled()
    })
  }
})
