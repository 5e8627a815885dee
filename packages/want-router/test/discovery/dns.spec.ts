import { defaultLogger } from '@libp2p/logger'
import { expect } from 'aegir/chai'
import { dns } from '../../src/discovery/dns.ts'
import { kubo } from '../../src/discovery/kubo-rpc.ts'
import { source } from '../../src/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import type { DnsInit, DnsNode } from '../../src/discovery/dns.ts'
import type { TargetInit } from '../../src/index.ts'
import type { FakeClock } from '../../src/testing/index.ts'
import type { ComponentLogger, Logger } from '@libp2p/interface'

interface Rig {
  readonly clock: FakeClock
  /** Ids of each set that was found. */
  readonly sets: string[][]
  readonly lookups: number[]
  readonly errors: string[]
  /** What the name resolves to. */
  answer (): Promise<readonly string[]>
  pass (ms: number): Promise<void>
  stop (): Promise<void>
}

const settled = async (): Promise<void> => new Promise(resolve => { setImmediate(resolve) })

async function rig (addresses: readonly string[], init: DnsInit = {}, target: (node: DnsNode) => TargetInit | TargetInit[] = ({ host }) => source({ get: () => undefined }, { id: host })): Promise<Rig> {
  const clock = fakeClock()
  const stopping = new AbortController()
  const errors: string[] = []
  const log: Logger = Object.assign(() => {}, { error (...args: unknown[]) { errors.push(args.map(String).join(' ')) }, trace () {}, enabled: false, newScope: () => log })
  const logger: ComponentLogger = { ...defaultLogger(), forComponent: () => log }
  const rig: Rig = {
    clock,
    sets: [],
    lookups: [],
    errors,
    answer: async () => addresses,
    async pass (ms) {
      clock.pass(ms)
      await settled()
    },
    async stop () {
      stopping.abort()
      await running
    }
  }
  const discovery = dns('nodes.test', target, {
    timers: clock,
    async resolve (name) {
      expect(name).to.equal('nodes.test')
      rig.lookups.push(clock.now())

      return rig.answer()
    },
    ...init
  })
  const running = (async () => {
    for await (const targets of discovery.discover({ logger, signal: stopping.signal })) {
      rig.sets.push(targets.map(({ id }) => id))
    }
  })()
  await settled()

  return rig
}

describe('discovery: dns', () => {
  it('has a member for each address, and looks the name up again and again', async () => {
    const r = await rig(['10.0.0.2', '10.0.0.1', '10.0.0.2', '::1'])
    expect(r.sets).to.deep.equal([['10.0.0.1', '10.0.0.2', '[::1]']])
    await r.pass(29_999)
    expect(r.lookups).to.have.length(1)
    await r.pass(1)
    expect(r.lookups).to.have.length(2)
    expect(r.sets, 'nothing has changed').to.have.length(1)
    r.answer = async () => ['10.0.0.3', '10.0.0.1']
    await r.pass(30_000)
    expect(r.sets[1], 'the others stay for a while').to.deep.equal(['10.0.0.1', '10.0.0.2', '10.0.0.3', '[::1]'])
    await r.stop()
    await r.pass(60_000)
    expect(r.lookups).to.have.length(3)
  })

  it('gives up a node five minutes after the name has last had it', async () => {
    const r = await rig(['10.0.0.1', '10.0.0.2'])
    r.answer = async () => ['10.0.0.1']

    for (let i = 0; i < 9; i++) {
      await r.pass(30_000)
    }

    expect(r.sets).to.have.length(1)
    await r.pass(30_000)
    expect(r.sets[1]).to.deep.equal(['10.0.0.1'])
    await r.stop()
  })

  it('keeps all nodes of a name that is answered with some of its addresses, others each time', async () => {
    const all = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']
    const r = await rig(all)

    for (let i = 0; i < 40; i++) {
      r.answer = async () => [all[i % 4], all[(i + 1) % 4]]
      await r.pass(30_000)
    }

    expect(r.sets).to.deep.equal([all])
    await r.stop()
  })

  it('gives up no node because lookups failed for a long time', async () => {
    const r = await rig(['10.0.0.1', '10.0.0.2'])
    r.answer = async () => []

    for (let i = 0; i < 40; i++) {
      await r.pass(30_000)
    }

    r.answer = async () => ['10.0.0.1']
    await r.pass(30_000)
    expect(r.sets).to.deep.equal([['10.0.0.1', '10.0.0.2']])
    await r.stop()
  })

  it('keeps what it has while lookups fail, hang, or find nothing, says so once, and tries again sooner', async () => {
    const r = await rig(['10.0.0.1'], { keep: 0 })
    const failures: Array<() => Promise<readonly string[]>> = [
      async () => { throw new Error('ENOTFOUND') },
      async () => [],
      async () => new Promise(() => {})
    ]

    for (const failure of failures) {
      r.answer = failure
      await r.pass(30_000)
      await r.pass(5_000) // the longest that a lookup may take
    }

    expect(r.sets).to.have.length(1)
    expect(r.errors).to.have.length(1)
    expect(r.errors[0]).to.include('cannot be looked up').and.to.include('ENOTFOUND')
    const before = r.lookups.length
    r.answer = async () => ['10.0.0.2']
    await r.pass(30_000)
    expect(r.lookups.length).to.be.above(before)
    expect(r.sets[1]).to.deep.equal(['10.0.0.2'])
    r.answer = failures[0]
    await r.pass(30_000)
    expect(r.errors, 'of another outage').to.have.length(2)
    await r.stop()
  })

  it('after a failure looks up again within a second, then ever more rarely', async () => {
    const r = await rig([])

    for (let i = 0; i < 100; i++) {
      await r.pass(1000)
    }

    expect(r.lookups.slice(0, 8)).to.deep.equal([0, 1000, 3000, 7000, 15_000, 31_000, 61_000, 91_000])
    await r.stop()
  })

  it('takes no more nodes than it may, and keeps those that it has', async () => {
    const r = await rig(['10.0.0.5', '10.0.0.6'], { most: 2, keep: 0 })
    r.answer = async () => ['10.0.0.1', '10.0.0.2', '10.0.0.6']
    await r.pass(30_000)
    expect(r.sets[1]).to.deep.equal(['10.0.0.1', '10.0.0.6'])
    await r.pass(30_000)
    expect(r.errors, 'said once').to.have.length(1)
    expect(r.errors[0]).to.include('addresses, of which only')
    await r.stop()
  })

  it('leaves out an address for which no member can be made', async () => {
    const r = await rig(['10.0.0.1', '10.0.0.2', '::1'], {}, ({ address, host }) => {
      if (address === '10.0.0.1') {
        throw new Error('not that one')
      }

      return kubo([`http://${host}:5001`])
    })
    expect(r.sets).to.deep.equal([['http://10.0.0.2:5001', 'http://[::1]:5001']])
    expect(r.errors[0]).to.include('not that one')
    await r.stop()
  })

  it('asks the resolver of the system where it is given no other', async () => {
    const stopping = new AbortController()
    const found = dns('localhost', ({ host }) => source({ get: () => undefined }, { id: host })).discover({ logger: defaultLogger(), signal: stopping.signal })

    for await (const targets of found) {
      expect(['127.0.0.1', '[::1]']).to.include(targets[0].id)
      stopping.abort()
    }
  })

  it('refuses invalid options', () => {
    const target = ({ host }: DnsNode): TargetInit => source({ get: () => undefined }, { id: host })

    for (const [name, init, message] of [['', {}, 'name'], ['a', { interval: 0 }, 'interval'], ['a', { keep: -1 }, 'keep'], ['a', { timeout: Infinity }, 'timeout'], ['a', { most: 1.5 }, 'most']] as const) {
      expect(() => dns(name, target, init)).to.throw(message).with.property('name', 'InvalidOptionError')
    }
  })
})
