import { expect } from 'aegir/chai'
import { entry, testBlock } from '../engine/harness.ts'
import { message, rig } from './rig.ts'
import type { Rig } from './rig.ts'
import type { TapRecord } from '../../src/engine/tap.ts'
import type { RouterEvent } from '../../src/events.ts'

const PROTOCOL = '/ipfs/bitswap/1.2.0'
const prefix = Uint8Array.of(1, 0x55, 0x12, 32)

/** Lets time pass in steps of 1 ms, and ends the tick after each. */
async function pass ({ timers }: Pick<Rig, 'timers'>, ms: number): Promise<void> {
  for (let i = 0; i < ms; i++) {
    timers.pass(1)
    timers.tick()
    await Promise.resolve()
    await Promise.resolve()
  }
}

describe('driver: when it calls the engine', () => {
  const block = testBlock(1)

  it('at the engine\'s deadline, also when that becomes earlier while it waits', async () => {
    const records: TapRecord[] = []
    const r = await rig({ tap: record => { records.push(record) }, limits: { stallTimeout: 250 } })
    const ticks = (): number[] => records.filter(record => record.t === 'put' && record.input.t === 'tick').map(({ at }) => at)
    r.drive.message('p', message(entry(block)))
    r.timers.tick()
    const later = r.engine.deadline ?? Infinity
    expect(later).to.be.above(500)
    await pass(r, 100)
    r.sink.up()
    r.timers.tick()
    const earlier = r.engine.deadline ?? Infinity
    expect(earlier).to.be.below(later)
    await pass(r, later - r.timers.now() - 1)
    expect(ticks()[0]).to.be.within(earlier, earlier + 1)
  })

  it('at a later deadline, when that becomes later while it waits', async () => {
    const records: TapRecord[] = []
    const r = await rig({ tap: record => { records.push(record) } })
    r.sink.up()

    for (let i = 0; i < 40; i++) {
      r.drive.message('p', message(entry(testBlock(i))))
      r.timers.tick()
      await pass(r, 90)
      await r.sink.block(prefix, testBlock(i).bytes)
      r.timers.tick()
      r.drive.take('p', 1 << 20, PROTOCOL)
    }

    const before = records.length
    await pass(r, 20_000)
    // no want is left: an old timer or two may still fire, and then none
    expect(records.length - before).to.be.at.most(3)
  })

  it('not sooner for an earlier deadline if the process was suspended and its timer is late: what has arrived is read first', async () => {
    const records: TapRecord[] = []
    let deadline = 1000
    const { drive, timers } = await rig({ tap: record => { records.push(record) }, deadline: () => deadline })
    const ticks = (): number => records.filter(record => record.t === 'put' && record.input.t === 'tick').length
    drive.message('p', message(entry(block)))
    timers.tick()
    timers.pass(5000)
    deadline = 900
    drive.message('p', message(entry(testBlock(2))))
    timers.tick()
    timers.pass(50)
    timers.tick()
    expect(ticks(), 'within the time that it waits after it was suspended').to.equal(0)
    timers.pass(950)
    timers.tick()
    expect(ticks()).to.equal(1)
  })

  it('after a take that freed capacity, though nothing else happens', async () => {
    const { drive, timers, sink, asked, woken } = await rig({ limits: { unsentPerClient: 2048, inFlightPerClient: 2048, expectedBlock: 2048 } })
    const other = testBlock(2)
    sink.up()
    drive.message('p', message(entry(block), entry(other)))
    timers.tick()
    expect(asked.map(({ key }) => key)).to.deep.equal([block.key])
    await sink.block(prefix, block.bytes)
    timers.tick()
    expect(woken).to.deep.equal(['p'])
    expect(asked).to.have.length(1)

    drive.take('p', 1 << 20, PROTOCOL)
    timers.tick()
    expect(asked.map(({ key }) => key)).to.deep.equal([block.key, other.key])
  })
})

describe('driver: a drain', () => {
  const block = testBlock(1)

  it('lasts while a client has not taken its replies', async () => {
    const r = await rig()
    const { drive, timers, sink, engine } = r
    sink.up()
    drive.message('p', message(entry(block)))
    timers.tick()
    let drained = false
    const draining = drive.drain(1000).then(() => { drained = true })
    await sink.block(prefix, block.bytes)
    await pass(r, 5000)
    expect(engine.status()).to.include({ active: 0, wants: 0 })
    expect(drained, 'with the block unsent').to.equal(false)
    drive.take('p', 1 << 20, PROTOCOL)
    await pass(r, 900)
    expect(drained, 'within the quiet time').to.equal(false)
    await pass(r, 300)
    await draining
    expect(drained).to.equal(true)
  })
})

describe('driver: once it is stopped', () => {
  const block = testBlock(1)

  it('no report of a target and no message of a client reaches the engine, and no timer fires', async () => {
    const records: TapRecord[] = []
    const events: RouterEvent[] = []
    const r = await rig({ tap: record => { records.push(record) }, onEvent: event => { events.push(event) } })
    const { drive, timers, sink, asked, woken } = r
    sink.up()
    drive.message('p', message(entry(block), entry(testBlock(2))))
    timers.tick()
    await drive.stop()
    const before = [records.length, events.length, asked.length, woken.length]

    sink.up({ wants: 1 })
    sink.load(1)
    sink.answer(block.key, 'dont-have')
    sink.answer(testBlock(2).key, 'failed', new Error('late'))
    await sink.block(prefix, block.bytes)
    sink.down(new Error('late'))
    drive.message('q', message(entry(block)))
    drive.connection('p', 1, 'silent')
    drive.standsFor('p', 'q')
    await pass(r, 5000)
    expect([records.length, events.length, asked.length, woken.length]).to.deep.equal(before)
  })

  it('a block that was still being verified is not delivered', async () => {
    let verified: () => void = () => {}
    const records: TapRecord[] = []
    const { drive, timers, sink } = await rig({
      tap: record => { records.push(record) },
      verify: async () => new Promise(resolve => { verified = () => { resolve(block.key) } })
    })
    sink.up()
    drive.message('p', message(entry(block)))
    timers.tick()
    const delivered = sink.block(prefix, block.bytes)
    await drive.stop()
    const before = records.length
    verified()
    await delivered
    expect(records).to.have.length(before)
  })
})
