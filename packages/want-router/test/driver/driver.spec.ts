import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'aegir/chai'
import { replay } from '../../src/recording/index.ts'
import { entry, inOrder, testBlock } from '../engine/harness.ts'
import { message, rig } from './rig.ts'
import type { TapRecord } from '../../src/engine/tap.ts'

// no flag of the test runner's is needed to measure what is left after a collection
setFlagsFromString('--expose-gc')
const gc: () => void = runInNewContext('gc')

describe('driver', () => {
  const block = testBlock(1)
  const prefix = Uint8Array.of(1, 0x55, 0x12, 32)

  it('flushes once at the end of the tick, so that related messages leave together', async () => {
    const { drive, timers, asked, sink } = await rig()
    sink.up()
    drive.message('p', message(entry(block)))
    drive.message('q', message(entry(testBlock(2))))
    expect(asked).to.be.empty()
    timers.tick()
    expect(asked).to.have.length(2)
  })

  it('verifies a block before the engine sees it: wrong bytes answer no want', async () => {
    const { drive, timers, sink, woken } = await rig()
    sink.up()
    drive.message('p', message(entry(block)))
    timers.tick()
    expect(sink.block(prefix, testBlock(2).bytes)).to.be.undefined()
    timers.tick()
    expect(drive.take('p', 1 << 20, '/ipfs/bitswap/1.2.0')).to.be.undefined()
    await sink.block(prefix, block.bytes)
    timers.tick()
    expect(woken).to.deep.equal(['p'])
    expect(drive.take('p', 1 << 20, '/ipfs/bitswap/1.2.0')?.blocks).to.have.length(1)
  })

  it('wakes the engine at its deadline', async () => {
    const { drive, timers, sink, asked } = await rig()
    sink.up()
    drive.message('p', message(entry(block)))
    timers.tick()

    for (let second = 0; second < 8; second++) {
      timers.pass(1001)
      timers.tick()
    }

    expect(asked.length).to.be.greaterThan(0)
    drive.gone('p')
    timers.tick()
  })

  it('reports wants that have ended while a listener wants to know', async () => {
    let wanted = true
    const told: number[] = []
    const { drive, timers, sink } = await rig({ onEnded: ends => { told.push(ends.length) }, wantsEnds: () => wanted })
    sink.up()

    for (const wants of [true, false, true]) {
      wanted = wants
      drive.message('p', message(entry(block)))
      timers.tick()
      drive.message('p', message(entry(block, { cancel: true })))
      timers.tick()
    }

    expect(told).to.deep.equal([1, 1])
  })

  it('a drain resolves when nothing has been active or unsent for the quiet time', async () => {
    const { drive, timers, sink } = await rig()
    sink.up()
    drive.message('p', message(entry(block)))
    timers.tick()
    let drained = false
    const draining = drive.drain(1000).then(() => { drained = true })

    const settle = async (): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        timers.tick()
        timers.pass(50)
        await Promise.resolve()
        await Promise.resolve()
      }
    }

    await settle()
    expect(drained).to.equal(false)
    await sink.block(prefix, block.bytes)
    timers.tick()
    drive.take('p', 1 << 20, '/ipfs/bitswap/1.2.0')
    await settle()
    await draining
    expect(drained).to.equal(true)
  })

  it('keeps less than 1 KB for each of ten thousand peers that connected, wanted and vanished', async function () {
    this.timeout(60_000)
    const { drive, timers, sink, asked, woken } = await rig()
    sink.up()

    const cycle = (from: number): void => {
      for (let i = from; i < from + 10_000; i++) {
        drive.message(`peer-${i}`, message(entry(testBlock(i, 64)), entry(testBlock(i + 1, 64), { wantType: 'have' })))

        if (i % 10 === 0) {
          timers.tick()
        }

        drive.gone(`peer-${i}`)
      }

      timers.tick()
      asked.length = 0
      woken.length = 0
    }

    cycle(0)
    gc()
    const before = process.memoryUsage().heapUsed
    cycle(10_000)
    gc()
    expect((process.memoryUsage().heapUsed - before) / 10_000).to.be.lessThan(1024)
  })

  it('a stopped driver ignores late answers of targets', async () => {
    const { drive, timers, sink } = await rig()
    sink.up()
    await drive.stop()
    await sink.block(prefix, block.bytes)
    sink.answer(block.key, 'dont-have')
    sink.down()
    timers.tick()
  })

  it('has a network that sends at once take only after the flush, so that a recording replays', async () => {
    const records: TapRecord[] = []
    const taken: number[] = []
    const { drive, timers, sink, woken } = await rig({
      tap: record => { records.push(record) },
      // a window of one block: the next has capacity when one is taken
      limits: { unsentPerClient: 2048, inFlightPerClient: 2048, expectedBlock: 2048 },
      wake (peer, drive) { taken.push(drive.take(peer, 1 << 20, '/ipfs/bitswap/1.2.0')?.blocks?.length ?? 0) }
    })
    const blocks = [1, 2, 3].map(seed => testBlock(seed))
    sink.up()
    drive.message('p', message(...blocks.map(block => entry(block))))

    for (const block of blocks) {
      timers.tick()
      await sink.block(prefix, block.bytes)
      timers.tick()
    }

    expect(woken).to.deep.equal(['p', 'p', 'p'])
    expect(taken).to.deep.equal([1, 1, 1])
    expect(replay(records, { strategy: inOrder }).divergence).to.equal(undefined)
  })

  it('carries out all other decisions when one target throws', async () => {
    const { drive, timers, sink, woken } = await rig({ ask () { throw new Error('a fault of the target') } })
    sink.up()
    drive.message('p', message(entry(block)))
    drive.message('q', message(entry({ ...block, cid: Uint8Array.of(1, 0x55, 0, 3, 1, 2, 3) })))
    timers.tick()
    expect(woken).to.deep.equal(['q'])
  })

  it('reads what has arrived while the process was suspended before it decides which members are late', async () => {
    const { engine, drive, timers, sink } = await rig()
    const blocks = Array.from({ length: 20 }, (_, i) => testBlock(i))
    sink.up()
    // the member is known to be quick
    drive.message('p', message(entry(block)))
    timers.tick()
    timers.pass(5)
    await sink.block(prefix, block.bytes)
    drive.message('p', message(...blocks.map(block => entry(block))))
    timers.tick()

    for (let i = 0; i < 10; i++) {
      timers.pass(50)
      timers.tick()
    }

    // timers come first, sockets after them
    timers.pass(5000)
    timers.tick()

    for (const { bytes } of blocks) {
      await sink.block(prefix, bytes)
    }

    timers.tick()

    for (let i = 0; i < 100; i++) {
      timers.pass(50)
      timers.tick()
    }

    expect(engine.status().members[0].totals).to.include({ blocks: 21, timeouts: 0, failures: 0, ejections: 0 })
  })

  it('still times out a member that answers nothing after the process was suspended', async () => {
    const { engine, drive, timers, sink } = await rig()
    sink.up()
    drive.message('p', message(entry(block)))
    timers.tick()
    timers.pass(5000)
    timers.tick()

    for (let i = 0; i < 100; i++) {
      timers.pass(50)
      timers.tick()
    }

    expect(engine.status().members[0].totals.timeouts).to.be.greaterThan(0)
  })
})
