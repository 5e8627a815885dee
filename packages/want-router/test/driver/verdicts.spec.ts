import { cidPrefix } from '@kitsune/bitswap-codec'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { WantRefusedError } from '../../src/errors.ts'
import { replay } from '../../src/recording/index.ts'
import { entry, inOrder, testBlock } from '../engine/harness.ts'
import { message, rig } from './rig.ts'
import type { Rig } from './rig.ts'
import type { WantEnd } from '../../src/engine/status.ts'
import type { TapRecord } from '../../src/engine/tap.ts'
import type { RouterEvent } from '../../src/events.ts'
import type { Ask, Policy, PolicyControl, Verdict } from '../../src/policies/policy.ts'
import type { Refusal } from '../../src/policies/refusal.ts'

const block = testBlock(1)
const other = testBlock(2)
const third = testBlock(3)

interface PolicedRig extends Rig { readonly events: RouterEvent[], readonly ends: WantEnd[], readonly records: TapRecord[], settle (): Promise<void>, names (): string[] }

async function policed (policies: readonly Policy[], init: { failure?: 'pass' | Refusal, most?: number } = {}): Promise<PolicedRig> {
  const events: RouterEvent[] = []
  const ends: WantEnd[] = []
  const records: TapRecord[] = []
  const one = await rig({
    admission: { policies, failure: init.failure ?? 'silent', timeout: 5000, most: init.most ?? 1024 },
    onEvent: event => { events.push(event) },
    onEnded: more => { ends.push(...more) },
    tap: record => { records.push(record) },
    address: peer => `/ip4/10.0.0.1/p2p/${peer}`
  })
  one.sink.up()
  one.timers.tick()

  async function settle (): Promise<void> {
    for (let i = 0; i < 4; i++) {
      await new Promise(resolve => { setImmediate(resolve) })
      one.timers.tick()
    }

    one.engine.checkInvariants()
  }

  return { ...one, events, ends, records, settle, names: () => one.asked.map(({ key }) => String([block, other, third].findIndex(each => each.key === key) + 1)) }
}

/** A policy that defers everything, and resolves when a test answers. */
function deferring (name = 'later'): { policy: Policy, calls: Array<{ asks: readonly Ask[], signal: AbortSignal, answer (...verdicts: Verdict[]): void, fail (error: Error): void }> } {
  const calls: ReturnType<typeof deferring>['calls'] = []

  return {
    calls,
    policy: {
      name,
      admit: () => 'defer',
      resolve: async (asks, signal) => new Promise<Verdict[]>((resolve, reject) => {
        calls.push({ asks, signal, answer: (...verdicts) => { resolve(verdicts) }, fail: reject })
      })
    }
  }
}

const saying = (verdict: Verdict, name = 'policy'): Policy => ({ name, admit: () => verdict })

describe('policies that decide at once', () => {
  it('see which client asks for what, and its address', async () => {
    const seen: unknown[] = []
    const { drive, settle, names } = await policed([{
      name: 'watch',
      admit ({ client, address, key, cid, type }) {
        seen.push({ client, address, key, cid: [...cid.bytes], type })

        return 'pass'
      }
    }])
    drive.message('p', message(entry(block, { wantType: 'have' })))
    await settle()
    expect(seen).to.deep.equal([{ client: 'p', address: '/ip4/10.0.0.1/p2p/p', key: block.key, cid: [...block.cid], type: 'have' }])
    expect(names()).to.deep.equal(['1'])
  })

  it('are asked in order: the first that refuses a want decides', async () => {
    const seen: string[] = []
    const watch: Policy = {
      name: 'watch',
      admit ({ client }) {
        seen.push(client)

        return 'pass'
      }
    }
    const { drive, settle, asked, ends, closed } = await policed([
      { name: 'strict', admit: ({ client }) => client === 'bad' ? 'close' : 'pass' }, watch, saying('silent')
    ])
    drive.message('bad', message(entry(block)))
    drive.message('good', message(entry(block)))
    await settle()
    expect(seen).to.deep.equal(['good'])
    expect(closed).to.deep.equal(['bad'])
    expect(asked).to.be.empty()
    expect(ends.map(({ client, outcome, verdict }) => [client, outcome, verdict])).to.deep.equal([['bad', 'refused', 'close'], ['good', 'refused', 'silent']])
    expect(drive.policies()).to.deep.equal([
      { name: 'strict', refused: 1, restricted: 0, errors: 0, timeouts: 0 },
      { name: 'watch', refused: 0, restricted: 0, errors: 0, timeouts: 0 },
      { name: 'policy', refused: 1, restricted: 0, errors: 0, timeouts: 0 }
    ])
  })

  const restrictions: Array<[string, Verdict[], Verdict]> = [
    ['one restriction', ['pass', { only: ['a', 'b'] }], { only: ['a', 'b'], strict: false }],
    ['the members that all of them allow', [{ only: ['a', 'b', 'c'], strict: true }, { only: ['c', 'b', 'd'] }], { only: ['b', 'c'], strict: true }],
    ['silence if they allow none', [{ only: ['a'] }, { only: ['b'] }], 'silent'],
    ['a refusal by any of them', [{ only: ['a'] }, 'absent'], 'absent'],
    ['the refusal that comes first', [{ only: [] }, 'close'], 'silent']
  ]

  for (const [what, verdicts, verdict] of restrictions) {
    it(`several of which allow only some members: ${what}`, async () => {
      const { drive, settle, records } = await policed(verdicts.map((verdict, i) => saying(verdict, `policy ${i}`)))
      drive.message('p', message(entry(block)))
      await settle()
      const put = records.flatMap(record => record.t === 'put' && record.input.t === 'verdicts' ? record.input.verdicts : [])
      expect(put.map(({ verdict }) => verdict)).to.deep.equal([verdict])
    })
  }

  const faults: Array<[string, Policy['admit'], RegExp]> = [
    ['throws', () => { throw new Error('no database') }, /no database/],
    ['answers with something that is not a verdict', () => 'yes' as Verdict, /answered yes from admit/],
    ['answers with a wrong object', () => ({ only: 'a' } as unknown as Verdict), /an object with only from admit/],
    ['defers without a way to resolve', () => 'defer', /answered defer from admit/]
  ]

  for (const [how, admit, why] of faults) {
    it(`one that ${how} refuses the want, unless the option says otherwise, and is counted and reported once`, async () => {
      for (const failure of ['silent', 'unknown', 'pass', 'close'] as const) {
        const { drive, settle, names, events, closed } = await policed([{ name: 'broken', admit }], { failure })
        drive.message('p', message(entry(block), entry(other)))
        await settle()
        expect(names()).to.deep.equal(failure === 'pass' ? ['1', '2'] : [])
        expect(closed).to.deep.equal(failure === 'close' ? ['p'] : [])
        expect(drive.policies()[0]).to.include({ errors: 2, refused: 0 })
        const errors = events.flatMap(event => event.type === 'policy-error' ? [event] : [])
        expect(errors).to.have.length(1)
        expect(errors[0]).to.include({ policy: 'broken', method: 'admit' })
        expect(errors[0].error.message).to.match(why)
      }
    })
  }
})

describe('policies that defer', () => {
  it('resolve everything that a client asks for in one call, and no member is asked before', async () => {
    const { policy, calls } = deferring()
    const { drive, settle, names } = await policed([policy])
    drive.message('p', message(entry(block), entry(other), entry(third)))
    await settle()
    expect(calls).to.have.length(1)
    expect(calls[0].asks.map(({ key }) => key)).to.deep.equal([block.key, other.key, third.key])
    expect(names()).to.be.empty()
    calls[0].answer('pass', 'silent', 'pass')
    await settle()
    expect(names()).to.deep.equal(['1', '3'])
  })

  it('resolve one message of a client at a time; other clients do not wait for it', async () => {
    const { policy, calls } = deferring()
    const { drive, settle, names } = await policed([policy])
    drive.message('p', message(entry(block)))
    await settle()
    drive.message('p', message(entry(other)))
    drive.message('q', message(entry(third)))
    await settle()
    expect(calls.map(({ asks }) => asks.map(({ client }) => client))).to.deep.equal([['p'], ['q']])
    calls[0].answer('pass')
    await settle()
    expect(calls.map(({ asks }) => asks.map(({ client }) => client))).to.deep.equal([['p'], ['q'], ['p']])
    calls[1].answer('pass')
    calls[2].answer('pass')
    await settle()
    expect(names().sort()).to.deep.equal(['1', '2', '3'])
  })

  it('are not asked about wants that were cancelled meanwhile', async () => {
    const { policy, calls } = deferring()
    const { drive, settle } = await policed([policy])
    drive.message('p', message(entry(block)))
    await settle()
    drive.message('p', message(entry(other), entry(third)))
    await settle()
    drive.message('p', message(entry(other, { cancel: true })))
    calls[0].answer('pass')
    await settle()
    expect(calls[1].asks.map(({ key }) => key)).to.deep.equal([third.key])
  })

  it('resolve no more at a time than a client may want, however much it has cancelled', async () => {
    const { policy, calls } = deferring()
    const { drive, settle } = await policed([policy], { most: 10 })
    drive.message('p', message(entry(block)))
    await settle()

    for (let n = 10; n < 200; n++) {
      drive.message('p', message(entry(testBlock(n))))
      await settle()
      drive.message('p', message(entry(testBlock(n), { cancel: true })))
    }

    const live = Array.from({ length: 15 }, (_, n) => entry(testBlock(500 + n)))
    drive.message('p', message(...live))
    await settle()
    calls[0].answer('pass')
    await settle()
    expect(calls[1].asks).to.have.length(10)
    calls[1].answer(...live.map((): Verdict => 'pass'))
    await settle()
    expect(calls[2].asks).to.have.length(5)
  })

  it('are asked one after another, each about the wants that earlier ones have passed', async () => {
    const first = deferring('first')
    const second = deferring('second')
    const { drive, settle, names } = await policed([first.policy, second.policy])
    drive.message('p', message(entry(block), entry(other)))
    await settle()
    first.calls[0].answer('pass', 'absent')
    await settle()
    expect(second.calls[0].asks.map(({ key }) => key)).to.deep.equal([block.key])
    second.calls[0].answer('pass')
    await settle()
    expect(names()).to.deep.equal(['1'])
  })

  it('have a time limit: then what they deferred is refused, and the next call has its own limit', async () => {
    const { policy, calls } = deferring()
    const { drive, settle, names, timers, events, ends } = await policed([policy])
    drive.message('p', message(entry(block)))
    await settle()
    drive.message('p', message(entry(other)))
    timers.pass(5000)
    await settle()
    expect(calls[0].signal.aborted).to.equal(true)
    expect(ends.map(({ outcome, verdict }) => [outcome, verdict])).to.deep.equal([['refused', 'silent']])
    expect(drive.policies()[0]).to.include({ errors: 1, timeouts: 1 })
    expect(events.filter(({ type }) => type === 'policy-error')).to.have.length(1)
    calls[0].answer('pass')
    calls[1].answer('pass')
    await settle()
    expect(names()).to.deep.equal(['2'])
  })

  for (const [how, fail] of [['rejects', call => { call.fail(new Error('no database')) }], ['answers for too few', call => { call.answer() }]] as Array<[string, (call: ReturnType<typeof deferring>['calls'][number]) => void]>) {
    it(`one that ${how} refuses the wants`, async () => {
      const { policy, calls } = deferring()
      const { drive, settle, asked, ends } = await policed([policy])
      drive.message('p', message(entry(block)))
      await settle()
      fail(calls[0])
      await settle()
      expect(asked).to.be.empty()
      expect(ends.map(({ verdict }) => verdict)).to.deep.equal(['silent'])
      expect(drive.policies()[0]).to.include({ errors: 1, timeouts: 0 })
    })
  }

  for (const [what, resolve] of [['nothing', () => {}], ['a promise that is not of a list', async () => {}]] as Array<[string, () => unknown]>) {
    it(`one that resolves with ${what} refuses the wants`, async () => {
      const { drive, settle, asked, ends } = await policed([{ name: 'broken', admit: () => 'defer', resolve: resolve as Policy['resolve'] }])
      drive.message('p', message(entry(block)))
      await settle()
      expect(asked).to.be.empty()
      expect(ends.map(({ verdict }) => verdict)).to.deep.equal(['silent'])
      expect(drive.policies()[0]).to.include({ errors: 1, timeouts: 0 })
    })
  }

  it('have their signals aborted when the client leaves, or the router stops', async () => {
    const { policy, calls } = deferring()
    const { drive, settle, asked } = await policed([policy])
    drive.message('p', message(entry(block)))
    drive.message('q', message(entry(block)))
    await settle()
    drive.gone('p')
    await settle()
    expect(calls.map(({ signal }) => signal.aborted)).to.deep.equal([true, false])
    drive.message('p', message(entry(other)))
    await settle()
    calls[0].answer('pass')
    await settle()
    expect(asked).to.be.empty()
    expect(calls).to.have.length(3)
    await drive.stop()
    expect(calls.map(({ signal }) => signal.aborted)).to.deep.equal([true, true, true])
  })
})

describe('what policies observe', () => {
  it('is each want that has ended, each verified block, and each client that leaves; an error there changes nothing', async () => {
    const heard: unknown[] = []
    const policy: Policy = {
      name: 'ears',
      admit: ({ key }) => key === other.key ? 'silent' : 'pass',
      settled ({ cid, outcome, bytes, member }) { heard.push({ settled: cid.toString().length > 0, outcome, bytes, member }) },
      verified ({ key, cid, bytes }) {
        heard.push({ key, cid: [...cid.bytes], bytes: bytes.byteLength })
        throw new Error('deaf')
      },
      gone (client) { heard.push(client) }
    }
    const { drive, settle, sink } = await policed([policy])
    drive.message('p', message(entry(block), entry(other)))
    await settle()
    await sink.block(cidPrefix(block.cid), block.bytes)
    await settle()
    drive.gone('p')
    await settle()
    expect(heard).to.deep.equal([
      { settled: true, outcome: 'refused', bytes: 0, member: undefined },
      { key: block.key, cid: [...block.cid], bytes: block.bytes.byteLength },
      { settled: true, outcome: 'block', bytes: block.bytes.byteLength, member: 'a' },
      'p'
    ])
    expect(drive.policies()[0]).to.include({ errors: 1 })
  })
})

describe('wants of the process itself', () => {
  for (const verdict of ['silent', 'unknown', 'absent', 'close'] as const) {
    it(`meet the same policies, and are refused with the verdict: ${verdict}`, async () => {
      const { local, settle, asked } = await policed([{ name: 'denylist', admit: ({ key }) => key === block.key ? verdict : 'pass' }])
      const refused = local.unnamed.get(CID.decode(block.cid)).catch((err: unknown) => err)
      await settle()
      expect(await refused).to.be.an.instanceOf(WantRefusedError).with.property('reason', verdict)
      expect(asked).to.be.empty()
    })
  }

  it('wait for a verdict that was deferred', async () => {
    const { policy, calls } = deferring()
    const { local, settle, sink, names } = await policed([policy])
    const bytes = local.unnamed.get(CID.decode(block.cid))
    await settle()
    calls[0].answer('pass')
    await settle()
    expect(names()).to.deep.equal(['1'])
    await sink.block(cidPrefix(block.cid), block.bytes)
    await settle()
    expect([...await bytes]).to.deep.equal([...block.bytes])
  })
})

it('a recording with verdicts is replayed without the policies', async () => {
  const { policy, calls } = deferring()
  const { drive, settle, records, engine } = await policed([policy, saying('pass')])
  drive.message('p', message(entry(block), entry(other)))
  await settle()
  calls[0].answer('pass', 'absent')
  await settle()
  const { divergence, engine: replayed } = replay(records, { strategy: inOrder })
  expect(divergence).to.equal(undefined)
  expect(replayed.status()).to.deep.equal(engine.status())
  expect(replayed.status().totals.refused).to.equal(1)
})

describe('policies whose rules change', () => {
  it('are asked again about wants that they have restricted', async () => {
    let control: PolicyControl | undefined
    const seen: boolean[] = []
    let verdict: Verdict = { only: ['nobody'] }
    const { drive, settle, names } = await policed([{
      name: 'policy',
      attach (given) { control = given },
      admit ({ review }) {
        seen.push(review)

        return verdict
      }
    }])
    drive.message('p', message(entry(block)))
    await settle()
    expect(names()).to.be.empty()
    verdict = { only: ['a'] }
    control?.review()
    await settle()

    expect([seen, names()]).to.deep.equal([[false, true], ['1']])
  })

  it('have a want that they refused decided again, for which its client is sent no second DONT_HAVE', async () => {
    let control: PolicyControl | undefined
    const asks: Ask[] = []
    let verdict: Verdict = 'absent'
    const { drive, settle, names, ends } = await policed([{
      name: 'policy',
      attach (given) { control = given },
      admit (ask) {
        asks.push(ask)

        return verdict
      }
    }])
    drive.message('p', message(entry(block, { wantType: 'have', sendDontHave: true })))
    await settle()
    const said = (): boolean[] | undefined => drive.take('p', 1 << 20, '/ipfs/bitswap/1.2.0')?.presences?.map(({ have }) => have)
    expect(said()).to.deep.equal([false])
    control?.repeat(asks[0])
    await settle()
    expect([said(), ends.length]).to.deep.equal([undefined, 2])

    verdict = { only: ['a'] }
    control?.repeat(asks[0])
    await settle()
    expect([names(), asks.map(({ type }) => type)]).to.deep.equal([['1'], ['have', 'have', 'have']])
  })

  it('while they are asked: the wants that they then restrict are reviewed once', async () => {
    const seen: boolean[] = []
    let control: PolicyControl | undefined
    let decide: (verdict: Verdict) => void = () => {}
    const { drive, settle, names } = await policed([{
      name: 'policy',
      attach (given) { control = given },
      admit ({ review }) {
        seen.push(review)

        return review ? 'pass' : 'defer'
      },
      resolve: async () => new Promise(resolve => { decide = verdict => { resolve([verdict]) } })
    }])
    drive.message('p', message(entry(block)))
    await settle()
    control?.review()
    await settle()
    expect(seen).to.deep.equal([false])
    decide({ only: ['nobody'] })
    await settle()

    expect([seen, names()]).to.deep.equal([[false, true], ['1']])
  })
})
