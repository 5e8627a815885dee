import { expect } from 'aegir/chai'
import { entry, testBlock } from '../engine/harness.ts'
import { message, rig } from './rig.ts'
import type { Rig } from './rig.ts'
import type { RouterEvent } from '../../src/events.ts'
import type { Sink, Target } from '../../src/targets/target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

interface FakeTarget extends Target { sink?: Sink, stopped: number, readonly asked: WantKey[] }

function fakeTarget (stop: () => Promise<void> = async () => {}): FakeTarget {
  const target: FakeTarget = {
    stopped: 0,
    asked: [],
    start (sink) { target.sink = sink },
    async stop () {
      target.stopped++
      await stop()
    },
    ask (wants) { target.asked.push(...wants.map(({ key }) => key)) },
    cancel () {}
  }

  return target
}

/** Adds a member that is up. */
async function add ({ drive, timers }: Rig, id: string, target = fakeTarget()): Promise<FakeTarget> {
  drive.add({ id })
  await drive.start(id, target)
  target.sink?.up()
  timers.tick()

  return target
}

function want ({ drive, timers }: Rig, n: number): void {
  drive.message('p', message(entry(testBlock(n))))
  timers.tick()
}

/** Whether a promise is settled when everything that is due has happened. */
async function isSettled (promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  promise.finally(() => { settled = true }).catch(() => {})
  await new Promise(resolve => { setImmediate(resolve) })

  return settled
}

const ids = ({ engine }: Rig): string[] => engine.status().members.map(({ id }) => id)

describe('driver: members that come and go', () => {
  it('a member that is added is asked when its target is up, and the application is told', async () => {
    const events: RouterEvent[] = []
    const r = await rig({ onEvent: event => { events.push(event) } })
    want(r, 1)
    const b = await add(r, 'b')
    expect(b.asked).to.deep.equal([testBlock(1).key])
    expect(events).to.deep.equal([
      { type: 'member-added', member: 'b' },
      { type: 'member', member: 'b', state: 'up', before: 'down' }
    ])
    expect(r.drive.seen('b')).to.have.property('since').that.is.above(0)
  })

  it('names that are taken and unknown members are refused', async () => {
    const r = await rig()
    expect(() => { r.drive.add({ id: 'a' }) }).to.throw('two members are called "a"').with.property('name', 'InvalidOptionError')
    expect(() => { r.drive.update('b', { weight: 2 }) }).to.throw('there is no member called "b"').with.property('name', 'InvalidOptionError')
    await expect(r.drive.remove('b')).to.eventually.be.rejected.with.property('message', 'there is no member called "b"')
    await expect(r.drive.start('b', fakeTarget())).to.eventually.be.rejected.with.property('message', 'there is no member called "b"')
    await r.drive.stop()
    expect(() => { r.drive.add({ id: 'b' }) }).to.throw().with.property('name', 'NotStartedError')
  })

  it('one that is removed is stopped at once, and another is asked for what was open', async () => {
    const events: RouterEvent[] = []
    const r = await rig({ onEvent: event => { events.push(event) } })
    const b = await add(r, 'b')
    want(r, 1)
    expect(b.asked).to.have.length(1)
    r.sink.up()
    const removed = r.drive.remove('b')
    r.timers.tick()
    expect(r.asked).to.have.length(1)
    expect(b.stopped).to.equal(1)
    await removed
    expect(ids(r)).to.deep.equal(['a'])
    expect(r.drive.seen('b')).to.deep.equal({ since: 0, lastError: undefined })
    expect(events.at(-2)).to.deep.equal({ type: 'member-removed', member: 'b' })
  })

  it('one that is drained is removed when what is open has ended', async () => {
    const r = await rig()
    const b = await add(r, 'b')
    want(r, 1)
    const removed = r.drive.remove('b', { drain: true })
    r.timers.tick()
    want(r, 2)
    expect(b.asked).to.have.length(1)
    expect(await isSettled(removed)).to.equal(false)
    expect(() => { r.drive.update('b', { draining: false }) }).to.throw('"b" is being removed')
    b.sink?.answer(testBlock(1).key, 'dont-have')
    r.timers.tick()
    await removed
    expect(b.stopped).to.equal(1)
    expect(ids(r)).to.deep.equal(['a'])
  })

  it('one that was drained before is removed at once', async () => {
    const r = await rig()
    const b = await add(r, 'b')
    r.drive.update('b', { draining: true })
    r.timers.tick()
    expect(r.engine.status().members[1]).to.include({ state: 'draining' })
    const removed = r.drive.remove('b', { drain: true })
    r.timers.tick()
    await removed
    expect(b.stopped).to.equal(1)
  })

  it('the signal ends the wait, as does another call that does not wait, and the end of the driver', async () => {
    for (const end of ['signal', 'aborted', 'call', 'stop']) {
      const r = await rig()
      const b = await add(r, 'b')
      want(r, 1)
      const controller = new AbortController()

      if (end === 'aborted') {
        controller.abort()
      }

      const removed = r.drive.remove('b', { drain: true, signal: controller.signal })
      r.timers.tick()
      expect(await isSettled(removed), end).to.equal(end === 'aborted')

      if (end === 'signal') {
        controller.abort()
      } else if (end === 'call') {
        await r.drive.remove('b')
      } else if (end === 'stop') {
        await r.drive.stop()
      }

      await removed
      expect(b.stopped, end).to.equal(1)
      r.timers.tick()
    }
  })

  it('calls wait until the targets have stopped', async () => {
    const r = await rig()
    const stop = Promise.withResolvers<void>()
    await add(r, 'b', fakeTarget(async () => stop.promise))
    const removed = r.drive.remove('b')
    const stopped = r.drive.stop()
    expect(await isSettled(removed)).to.equal(false)
    expect(await isSettled(stopped)).to.equal(false)
    stop.reject(new Error('it hangs'))
    await Promise.all([removed, stopped])
  })

  it('reports from the target of a removed member do not count for a new one with the same name', async () => {
    const verified = Promise.withResolvers<WantKey>()
    const events: RouterEvent[] = []
    const r = await rig({ verify: () => verified.promise, onEvent: event => { events.push(event) } })
    const old = await add(r, 'b')
    want(r, 1)
    const { cid, key, bytes } = testBlock(1)
    const delivered = old.sink?.block(cid, bytes)
    await r.drive.remove('b')
    const b = await add(r, 'b')
    expect(b.asked).to.deep.equal([key])
    events.length = 0

    old.sink?.answer(key, 'failed', new Error('of old'))
    old.sink?.answer(key, 'dont-have')
    old.sink?.load(7)
    old.sink?.down(new Error('of old'))
    verified.resolve(key)
    await delivered
    r.timers.tick()
    const { members: [, member], wants } = r.engine.status()
    expect(wants, 'the block came late').to.equal(1)
    expect(member).to.include({ state: 'up', pendingBytes: 0 })
    expect(member.totals).to.deep.include({ asks: 1, failures: 0, dontHaves: 0, blocks: 0 })
    expect(r.drive.seen('b')).to.have.property('lastError', undefined)
    expect(events).to.deep.equal([])
  })
})
