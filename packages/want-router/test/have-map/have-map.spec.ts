import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { createHaveMap } from '../../src/have-map/have-map.ts'
import { fakeOutcome, fakeWant } from '../../src/testing/index.ts'
import { testBlock } from '../engine/harness.ts'
import { fakeTimers, settled } from '../targets/fixtures.ts'
import type { HaveMap, HaveMapInit } from '../../src/have-map/have-map.ts'
import type { HoldingsOptions, Outcome } from '../../src/index.ts'
import type { TestBlock } from '../engine/harness.ts'
import type { FakeTimers } from '../targets/fixtures.ts'

const [held, other, late] = [testBlock(1), testBlock(2), testBlock(3)]
const cidOf = ({ cid }: TestBlock): CID => CID.decode(cid)

/** A list of blocks that is being read. */
interface List extends HoldingsOptions {
  readonly member: string
  /** Sends a piece of it. */
  send (...blocks: TestBlock[]): Promise<void>
  end (): Promise<void>
  fail (message: string): Promise<void>
}

interface Rig {
  readonly map: HaveMap
  readonly timers: FakeTimers
  /** The lists that members were asked for, in order. */
  readonly lists: List[]
  readonly failures: string[]
  up (member: string): Promise<void>
  down (member: string): void
  said (member: string, block: TestBlock, result: Outcome['result']): void
}

function rig (init: HaveMapInit = {}): Rig {
  const timers = fakeTimers()
  const lists: List[] = []
  const failures: string[] = []
  const map = createHaveMap(init, {
    timers,
    seed: 7,
    holdingsOf: member => member === 'mute' ? undefined : options => list(member, options, { lists, timers }),
    failed: (member, { message }) => { failures.push(`${member}: ${message}`) }
  })

  return {
    map,
    timers,
    lists,
    failures,
    async up (member) {
      map.onEvent({ type: 'member', member, state: 'up', before: 'down' })
      await settled()
    },
    down (member) { map.onEvent({ type: 'member', member, state: 'down', before: 'up', why: 'gone' }) },
    said (member, { key }, result) { map.attemptEnded(fakeOutcome(member, { want: fakeWant(key), result })) }
  }
}

async function * list (member: string, options: HoldingsOptions, { lists, timers }: Pick<Rig, 'lists' | 'timers'>): AsyncGenerator<string[]> {
  let next = Promise.withResolvers<string[] | undefined>()
  options.signal.addEventListener('abort', () => { next.reject(options.signal.reason) })
  lists.push({
    ...options,
    member,
    async send (...blocks) {
      next.resolve(blocks.map(({ key }) => key))
      await timers.advance(0)
    },
    async end () {
      next.resolve(undefined)
      await timers.advance(0)
    },
    async fail (message) {
      next.reject(new Error(message))
      await timers.advance(0)
    }
  })

  for (let keys = await next.promise; keys != null; keys = await next.promise) {
    next = Promise.withResolvers()
    yield keys
  }
}

/** A rig whose member `a` has listed one block. */
async function listed (init?: HaveMapInit): Promise<Rig> {
  const made = rig(init)
  await made.up('a')
  await made.lists[0].send(held)
  await made.lists[0].end()

  return made
}

describe('a have-map', () => {
  it('knows what a member lists, once it has listed all of it', async () => {
    const { map, lists, up } = rig()
    await up('a')
    await lists[0].send(held)
    expect(map.isAbsent('a', other.key), 'in the middle of the list').to.equal(false)
    expect(map.get(cidOf(held))).to.equal(undefined)
    await lists[0].end()
    expect([held, other].map(({ key }) => map.isAbsent('a', key))).to.deep.equal([false, true])
    expect(map.get(cidOf(held))).to.deep.equal({ member: 'a' })
    expect(map.get(CID.decode(held.v0))).to.deep.equal({ member: 'a' })
    expect(map.get(cidOf(other))).to.equal(undefined)
    expect(map.list('a').mapped).to.deep.include({ keys: 1, bytes: 4096 })
  })

  it('knows nothing of a member that has no list', async () => {
    const { map, lists, up } = rig()
    await up('mute')
    expect(lists).to.be.empty()
    expect(map.isAbsent('mute', held.key)).to.equal(false)
    expect(map.list('mute').mapped).to.equal(undefined)
  })

  it('reads one list at a time, and each again after its interval', async () => {
    const { timers, lists, up } = rig({ interval: 1000, pinned: true })
    await up('a')
    await up('b')
    expect(lists.map(({ member, pinned }) => [member, pinned])).to.deep.equal([['a', true]])
    await lists[0].end()
    expect(lists.map(({ member }) => member)).to.deep.equal(['a', 'b'])
    await lists[1].end()
    await timers.advance(999)
    expect(lists).to.have.lengthOf(2)
    await timers.advance(1)
    expect(lists.map(({ member }) => member)).to.deep.equal(['a', 'b', 'a'])
  })

  it('adds what a member has sent since, also while its list is being read', async () => {
    const { map, timers, lists, said } = await listed({ interval: 1000 })
    said('a', other, 'have')
    expect(map.isAbsent('a', other.key)).to.equal(false)
    await timers.advance(1000)
    said('a', late, 'block')
    await lists[1].send(held)
    await lists[1].end()
    expect([held, other, late].map(({ key }) => map.isAbsent('a', key))).to.deep.equal([false, true, false])
  })

  it('believes a DONT_HAVE more than the list, until the member has the block or lists again', async () => {
    const { map, timers, lists, said } = await listed({ interval: 1000 })
    said('a', held, 'timeout')
    expect(map.isAbsent('a', held.key)).to.equal(false)
    said('a', held, 'dont-have')
    expect(map.isAbsent('a', held.key)).to.equal(true)
    expect(map.get(cidOf(held))).to.equal(undefined)
    said('a', held, 'block')
    expect(map.get(cidOf(held))).to.deep.equal({ member: 'a' })
    said('a', held, 'dont-have')
    await timers.advance(1000)
    await lists[1].send(held)
    await lists[1].end()
    expect(map.get(cidOf(held))).to.deep.equal({ member: 'a' })
  })

  it('names no member that is down, and reads its list again as soon as it is up', async () => {
    const { map, lists, up, down } = await listed()
    down('a')
    expect(map.get(cidOf(held))).to.equal(undefined)
    expect(map.isAbsent('a', other.key)).to.equal(true)
    await up('a')
    expect(map.get(cidOf(held))).to.deep.equal({ member: 'a' })
    expect(lists).to.have.lengthOf(2)
  })

  it('forgets a member that is removed, and the list that was being read', async () => {
    const { map, timers, lists } = await listed({ interval: 1000 })
    await timers.advance(1000)
    map.onEvent({ type: 'member-removed', member: 'a' })
    expect(lists[1].signal.aborted).to.equal(true)
    await settled()
    expect(map.isAbsent('a', other.key)).to.equal(false)
    expect(map.list('a').mapped).to.equal(undefined)
    expect(timers.pending).to.equal(0)
  })

  it('keeps what it knows if a list fails, says so once, and tries again', async () => {
    const { map, timers, lists, failures } = await listed({ interval: 600_000 })
    await timers.advance(600_000)
    await lists[1].send(other)
    await lists[1].fail('no more')
    expect(map.isAbsent('a', other.key)).to.equal(true)
    await timers.advance(60_000)
    await lists[2].fail('no more')
    expect(failures).to.deep.equal(['a: no more'])
    expect(map.get(cidOf(held))).to.deep.equal({ member: 'a' })
    await timers.advance(540_000)
    expect(map.get(cidOf(held)), 'a list of 20 minutes ago names no member').to.equal(undefined)
    expect(map.isAbsent('a', other.key), 'and still says which member to ask last').to.equal(true)
  })

  it('reports why a list cannot be read, until it can be read, and how long that took', async () => {
    const { map, timers, lists } = await listed({ interval: 1000 })
    expect(map.list('a')).to.not.have.property('error')
    await timers.advance(1000)
    await timers.advance(250)
    await lists[1].fail('no more')
    expect(map.list('a').error).to.have.property('message', 'no more')
    expect(map.list('a').mapped, 'what was read before').to.include({ keys: 1, ms: 0 })
    await timers.advance(1000)
    await lists[2].fail('still no more')
    expect(map.list('a').error).to.have.property('message', 'still no more')
    await timers.advance(1000)
    await timers.advance(250)
    await lists[3].end()
    expect(map.list('a')).to.not.have.property('error')
    expect(map.list('a').mapped?.ms).to.equal(250)
  })

  it('counts by the first answer to a want whether a member was asked first that held the block', async () => {
    const { map, up, said } = rig()
    await up('a')
    await up('b')
    said('a', held, 'block')
    said('b', other, 'dont-have')
    said('a', late, 'have')
    said('a', late, 'timeout')
    const heard = { ...fakeWant(other.key), said: (member: string) => member === 'b' ? 'dont-have' as const : undefined }
    map.attemptEnded(fakeOutcome('a', { want: heard, result: 'block' }))
    map.attemptEnded(fakeOutcome('a', { want: { ...fakeWant(late.key), tries: 1 }, result: 'block' }))
    map.attemptEnded(fakeOutcome('b', { want: fakeWant(late.key), result: 'dont-have', hedge: true }))
    expect(map.firstAnswers).to.deep.equal({ right: 1, wrong: 1 })
  })

  it('gives up a list if nothing comes for a minute', async () => {
    const { timers, lists, failures, up } = rig()
    await up('a')
    await timers.advance(59_999)
    await lists[0].send(held)
    await timers.advance(59_999)
    expect(failures).to.be.empty()
    await timers.advance(1)
    expect(failures).to.deep.equal(['a: its list of blocks stopped for 60 s'])
    expect(lists[0].signal.aborted).to.equal(true)
  })

  it('works on a list for no more than a fifth of the time', async () => {
    const timers = fakeTimers()
    let [pieces, worked] = [0, 0]
    const map = createHaveMap({}, {
      timers: { ...timers, now: () => timers.now() + worked },
      seed: 7,
      failed: () => {},
      holdingsOf: () => async function * () {
        while (pieces < 3) {
          pieces++
          yield work()
        }
      }
    })

    function * work (): Generator<string> {
      worked += 10
      yield held.key
    }

    map.onEvent({ type: 'member', member: 'a', state: 'up', before: 'down' })
    await timers.advance(39)
    expect(pieces).to.equal(1)
    await timers.advance(1)
    expect(pieces).to.equal(2)
    map.stop()
  })

  it('stops all reads and waits when it is stopped', async () => {
    const { map, timers, lists } = await listed({ interval: 1000 })
    await timers.advance(1000)
    map.stop()
    await settled()
    expect(lists[1].signal.aborted).to.equal(true)
    expect(timers.pending).to.equal(0)
  })

  it('names no member because of a list that is too long for its memory', async () => {
    const { map, lists, up } = rig({ maxBytes: 4096 })
    await up('a')
    await lists[0].send(...Array.from({ length: 5000 }, (_, i) => testBlock(i, 8)))
    await lists[0].end()
    expect(map.list('a').mapped?.falsePositiveRate).to.be.above(0.01)
    expect(map.get(cidOf(testBlock(1, 8)))).to.equal(undefined)
    expect(map.isAbsent('a', testBlock(1, 8).key)).to.equal(false)
  })
})
