import { expect } from 'aegir/chai'
import { BudgetError, TooManyRequestsError } from '../../src/errors.ts'
import { createRegistry } from '../../src/registry/bus-registry.ts'
import { breakableBus } from '../support/breakable-bus.ts'
import { manualClock, settle } from '../support/clock.ts'
import { leaf } from '../support/dag.ts'
import type { RegisteredRequest, Registry, RegistryStatus, Report, SharedRequest } from '../../src/registry/registry.ts'
import type { BusConnection } from '../support/breakable-bus.ts'
import type { ManualClock } from '../support/clock.ts'

describe('registry', () => {
  let request: SharedRequest
  let clock: ManualClock
  let connect: () => BusConnection
  let started: Process[]

  before(async () => {
    const { cid } = await leaf('registry')
    request = { roots: [cid], maxDepth: -1, peer: 'x', address: '192.0.2.1' }
  })

  beforeEach(() => {
    clock = manualClock()
    connect = breakableBus()
    started = []
  })

  afterEach(() => {
    started.forEach(({ registry }) => { registry.stop() })
    expect(clock.pending).to.equal(0)
  })

  /** A process that notes what it serves. */
  interface Process {
    readonly registry: Registry
    readonly bus: BusConnection
    /** Requests of others that are open here. */
    readonly serving: Set<SharedRequest>
    readonly reports: Report[]
    readonly changes: RegistryStatus[]
  }

  const start = async (name = 'balancer'): Promise<Process> => {
    const bus = connect()
    const registry = createRegistry({ bus, name, timers: clock })
    const one: Process = { registry, bus, serving: new Set(), reports: [], changes: [] }
    registry.follow((request, report) => {
      one.serving.add(request)
      one.reports.push(report)

      return { waits: false, close () { one.serving.delete(request) } }
    })
    registry.onChange(status => { one.changes.push(status) })
    started.push(one)
    await settle()

    return one
  }

  /** In steps, so that what is said in between arrives. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.pass(50)
      await settle()
    }
  }

  const opened = async (open: Promise<RegisteredRequest>): Promise<RegisteredRequest | undefined> => {
    await settle()

    return Promise.race([open, Promise.resolve(undefined)])
  }

  it('lets other processes serve a request until it ends', async () => {
    const [a, b] = [await start(), await start()]
    expect([a.registry.status(), b.registry.status()]).to.deep.equal([{ connected: true, processes: 1, requests: 0 }, { connected: true, processes: 1, requests: 0 }])

    const own = await opened(a.registry.open(request))
    expect([...b.serving]).to.deep.equal([request])
    expect(a.serving).to.have.lengthOf(0)
    own?.close()
    await settle()
    expect(b.serving).to.have.lengthOf(0)
  })

  it('tells a process about requests that were open before it started', async () => {
    const a = await start()
    await opened(a.registry.open(request))
    const b = await start()

    expect([...b.serving]).to.deep.equal([request])
  })

  it('waits until the living processes have received a request, but at most 250 ms', async () => {
    const [a, b] = [await start(), await start()]
    b.bus.cut = true
    const open = a.registry.open(request)

    expect(await opened(open)).to.equal(undefined)
    clock.pass(249)
    expect(await opened(open)).to.equal(undefined)
    clock.pass(1)
    expect(await opened(open)).not.to.equal(undefined)

    // and not at all for one that was silent before
    await pass(3000)
    expect(await opened(a.registry.open(request))).not.to.equal(undefined)
  })

  it('forwards the reports of processes that serve a request', async () => {
    const [a, b, c] = [await start(), await start(), await start()]
    const own = await a.registry.open(request)
    let told = 0
    own.onReport = () => { told++ }
    b.reports[0].peer('x')
    c.reports[0].peer('y')
    await settle()
    expect([told, [...own.peers].sort(), own.blocks]).to.deep.equal([2, ['x', 'y'], 0])

    // blocks are reported from time to time
    b.reports[0].block()
    b.reports[0].block()
    c.reports[0].block()
    await settle()
    expect(own.blocks).to.equal(0)
    await pass(250)
    expect([told, own.blocks]).to.deep.equal([4, 3])
    await pass(3000)
    expect(told).to.equal(4)

    let failure: Error | undefined
    own.onReport = error => { failure = error }
    c.reports[0].failed(new BudgetError('too large'))
    await settle()
    expect([failure?.name, failure?.message]).to.deep.equal(['BudgetError', 'too large'])
    c.reports[0].failed(new TooManyRequestsError('too much', { retryAfter: 1800 }))
    await settle()
    expect(failure).to.deep.include({ name: 'TooManyRequestsError', message: 'too much', retryAfter: 1800 })
  })

  it('repeats messages that a bus has lost', async () => {
    const [a, b] = [await start(), await start()]
    const ended = await a.registry.open(request)
    b.bus.cut = true
    const other = { ...request, peer: 'y' }
    clock.pass(0)
    const open = a.registry.open(other)
    ended.close()
    await pass(1000)
    await open
    expect([...b.serving]).to.deep.equal([request])

    b.bus.cut = false
    await pass(1000)
    expect([...b.serving]).to.deep.equal([other])
  })

  it('works alone without a bus, and with the others again when it returns', async () => {
    const [a, b] = [await start(), await start()]
    const kept = await a.registry.open(request)
    a.bus.cut = b.bus.cut = true
    await pass(550)
    expect(a.registry.status().connected).to.equal(true)
    await pass(50)
    expect(a.registry.status().connected).to.equal(false)
    await pass(2000)
    expect([a.registry.status().connected, a.changes.map(({ connected }) => connected), a.bus.resets > 0]).to.deep.equal([false, [true, false], true])

    // nothing is waited for, and nothing queued
    const before = a.bus.published.length
    const alone = await opened(a.registry.open({ ...request, peer: 'y' }))
    expect([alone?.peers, a.bus.published.length - before]).to.deep.equal([[], 0])
    // what was open before goes on for a while
    expect([...b.serving]).to.deep.equal([request])

    kept.close()
    a.bus.cut = b.bus.cut = false
    await pass(500)
    expect([a.registry.status().connected, [...b.serving].map(({ peer }) => peer)]).to.deep.equal([true, ['y']])
  })

  it('ends the requests of a process that is silent for ten seconds, and at once those of one that stops', async () => {
    const [a, b, c] = [await start(), await start(), await start()]
    const ofA = await a.registry.open(request)
    await b.registry.open({ ...request, peer: 'y' })
    b.reports[0].peer('x')
    await settle()
    expect([c.serving.size, ofA.peers]).to.deep.equal([2, ['x']])

    b.bus.cut = true
    await pass(9000)
    expect(c.serving).to.have.lengthOf(2)
    await pass(2000)
    expect([[...c.serving], ofA.peers, c.registry.status().processes]).to.deep.equal([[request], [], 1])

    a.registry.stop()
    await settle()
    expect([c.serving.size, c.registry.status().processes]).to.deep.equal([0, 0])
  })

  it('ignores balancers with another name, and invalid messages', async () => {
    const [a, other] = [await start(), await start('other')]
    await a.registry.open(request)

    for (const text of ['', 'null', '{"from":"z","type":"alive"}', '{"from":"z","type":"open","requests":[{"id":1,"roots":[7],"maxDepth":1,"address":""}]}', '{"from":"z","type":"toString"}']) {
      a.bus.publish('kitsune:preload:1:balancer', text)
    }

    await settle()

    expect([other.serving.size, other.registry.status().processes, a.registry.status().processes]).to.deep.equal([0, 0, 0])
  })
})
