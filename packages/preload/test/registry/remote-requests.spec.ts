import { expect } from 'aegir/chai'
import { createRegistry } from '../../src/registry/bus-registry.ts'
import { breakableBus } from '../support/breakable-bus.ts'
import { manualClock, settle } from '../support/clock.ts'
import { leaf, node } from '../support/dag.ts'
import { createRig, readAll } from '../support/rig.ts'
import type { PreloadLimits } from '../../src/defaults.ts'
import type { Registry } from '../../src/registry/registry.ts'
import type { BusConnection } from '../support/breakable-bus.ts'
import type { ManualClock } from '../support/clock.ts'
import type { TestBlock } from '../support/dag.ts'
import type { Rig } from '../support/rig.ts'
import type { Verdict } from '@kitsune/want-router'

const LIMITS = [['a request', { blocks: 1 }, [413, null]], ['an hour', { bytesPerClientAndHour: 500 }, [429, '3600']]] as const

describe('remote requests', () => {
  let a: TestBlock
  let dir: TestBlock
  let root: TestBlock
  let clock: ManualClock
  let buses: BusConnection[]
  let registries: Registry[]
  /** The request arrives at one process, the client is connected to the other. */
  let asked: Rig
  let holder: Rig

  before(async () => {
    a = await leaf('a')
    dir = await node(a)
    root = await node(dir)
  })

  const start = async (limits?: Partial<PreloadLimits>): Promise<void> => {
    clock = manualClock()
    const connect = breakableBus()
    buses = [connect(), connect()]
    registries = buses.map(bus => createRegistry({ bus, name: 'n', timers: clock }));
    [asked, holder] = registries.map(registry => createRig({ registry, clock, limits }))
    await settle()
  }

  beforeEach(async () => { await start() })

  afterEach(async () => {
    await settle()
    registries.forEach(registry => { registry.stop() })

    for (const { gate, handler, registered } of [asked, holder]) {
      expect({ ...gate.status(), ...handler.status(), registered }).to.deep.equal({ open: 0, linkBytes: 0, running: 0, queued: 0, remote: 0, registered: [] })
    }

    expect(clock.pending).to.equal(0)
  })

  /** In steps, so that what is said in between arrives. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.pass(50)
      await settle()
    }
  }

  const post = async (): Promise<Response> => asked.post(`r=true&arg=${root.cid}`)
  const admit = ({ gate }: Rig, { key, cid }: TestBlock): Verdict | 'defer' => gate.policy.admit({ client: 'a', address: undefined, key, cid, type: 'block', review: false })
  const verified = ({ gate }: Rig, block: TestBlock): void => { gate.policy.verified?.(block) }

  const end = async (response: Promise<Response>): Promise<void> => {
    const [{ line, end }] = asked.calls.slice(-1)
    line(String(dir.cid))
    end()
    expect((await response).status).to.equal(200)
    expect(await readAll(await response)).to.deep.include({ error: undefined })
  }

  it('asks a client that is connected to another process', async () => {
    holder.connect('other', '192.0.2.9')
    holder.connect('x')
    const response = post()
    await settle()
    // nothing was waited for, and the gate of the other process is open
    expect(asked.calls).to.have.lengthOf(1)
    expect(holder.registered).to.deep.equal(['x'])
    expect([admit(holder, root), admit(holder, dir)]).to.deep.equal([{ only: ['x'] }, 'defer'])
    verified(holder, root)
    expect(admit(holder, dir)).to.deep.equal({ only: ['x'] })
    // here is no client to ask
    expect(admit(asked, root)).not.to.deep.equal({ only: ['x'] })

    await end(response)
    await settle()
    expect([admit(holder, root), admit(holder, dir)]).to.deep.equal(['absent', 'absent'])
    expect(asked.ends[0]).to.deep.include({ outcome: 'complete', peers: [], remotePeers: ['x'], blocks: 0 })
    expect(holder.remoteEnds).to.deep.equal([{ roots: [String(root.cid)], address: '192.0.2.1', peers: ['x'], blocks: 1, bytes: root.bytes.byteLength, ms: 0 }])
  })

  it('finds a client that connects to another process later', async () => {
    const response = post()
    await pass(3000)
    expect(asked.calls).to.have.lengthOf(0)
    holder.connect('x')
    await settle()

    expect(asked.calls).to.have.lengthOf(1)
    await end(response)
  })

  it('continues alone as soon as other processes cannot be reached', async () => {
    const response = post()
    await settle()
    expect(asked.calls).to.have.lengthOf(0)
    buses[0].cut = true
    await pass(550)
    expect(asked.calls).to.have.lengthOf(0)
    await pass(50)
    expect(asked.calls).to.have.lengthOf(1)
    await end(response)

    // and then it does not wait at all; a client that connects here is asked
    const next = post()
    await settle()
    expect(asked.calls).to.have.lengthOf(2)
    asked.connect('x')
    expect(asked.registered).to.deep.equal(['x'])
    await end(next)
    buses[0].cut = false
  })

  it('has what a member wanted too early put again, when another process hears of the request late', async () => {
    holder.connect('x')
    const repeated: string[] = []
    holder.gate.policy.attach?.({ review () {}, repeat ({ cid }) { repeated.push(String(cid)) } })
    // the member holds the root already
    holder.held.set(String(root.cid), root.bytes)
    buses[0].cut = true
    const response = post()
    await pass(650)
    expect(asked.calls).to.have.lengthOf(1)
    expect([admit(holder, root), admit(holder, dir)]).to.deep.equal(['absent', 'absent'])
    expect(repeated).to.be.empty()

    buses[0].cut = false
    await pass(500)
    expect(repeated).to.deep.equal([String(root.cid), String(dir.cid)])
    expect(admit(holder, dir)).to.deep.equal({ only: ['x'] })
    await end(response)
  })

  it('knows of progress at another process', async () => {
    holder.connect('x')
    const response = post()
    await settle()

    for (const block of [root, dir, a]) {
      await pass(20_000)
      verified(holder, block)
    }

    await pass(20_000)
    await end(response)
  })

  it('asks a member again that stops in the middle, unless it waits for a client at another process', async () => {
    holder.connect('x')
    const response = post()
    await settle()
    const aborted = (): boolean[] => asked.calls.map(({ signal }) => signal.aborted)
    asked.calls[0].line(String(dir.cid))
    expect(admit(holder, root)).to.deep.equal({ only: ['x'] })
    await pass(15_000)
    verified(holder, root)
    expect(admit(holder, dir)).to.deep.equal({ only: ['x'] })
    await pass(29_000)
    expect(aborted()).to.deep.equal([false])

    verified(holder, dir)
    await pass(20_000)
    expect(aborted()).to.deep.equal([true, false])
    await end(response)
  })

  it('does not ask it again if another process is too old to tell whether its clients are waited for', async () => {
    holder.connect('x')
    buses[1].rewrite = message => message.replace(/,"waits":(true|false)/g, '')
    const response = post()
    await settle()
    asked.calls[0].line(String(dir.cid))
    verified(holder, root)
    await pass(29_000)
    expect(asked.calls).to.have.lengthOf(1)
    await end(response)
  })

  LIMITS.forEach(([what, limits, answer]) => {
    it(`ends a request when a client has sent more than the limit for ${what}`, async () => {
      registries.forEach(registry => { registry.stop() })
      await start(limits)
      holder.connect('x')
      const response = post()
      await settle()
      verified(holder, root)
      verified(holder, dir)
      await settle()

      const { status, headers } = await response
      expect([status, headers.get('retry-after')]).to.deep.equal(answer)
    })
  })

  it('asks no client that has sent as much as it may within the hour', async () => {
    registries.forEach(registry => { registry.stop() })
    await start({ bytesPerClientAndHour: 500 })
    holder.connect('x')
    const first = post()
    await settle()
    verified(holder, root)
    verified(holder, dir)
    await settle()
    expect((await first).status).to.equal(429)

    const second = post()
    await settle()
    expect([(await second).status, holder.registered]).to.deep.equal([429, []])
  })

  it('drains when the requests of others that need its clients have ended', async () => {
    holder.connect('x')
    const response = post()
    await settle()
    let drained = false
    const draining = holder.handler.drain().then(() => { drained = true })
    await settle()
    expect([holder.handler.status().remote, drained]).to.deep.equal([1, false])

    await end(response)
    await draining
  })

  it('reads the blocks that members have already, as deep as needed', async () => {
    holder.connect('x')
    const response = post()
    await settle()

    for (const { cid, bytes } of [root, dir]) {
      holder.held.set(String(cid), bytes)
    }

    const verdicts = holder.gate.policy.resolve?.([{ client: 'a', address: undefined, key: a.key, cid: a.cid, type: 'block', review: false }], new AbortController().signal)
    await settle()

    expect(await verdicts).to.deep.equal([{ only: ['x'] }])
    await end(response)
  })
})
