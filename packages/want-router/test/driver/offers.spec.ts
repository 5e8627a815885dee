import { defaultLogger } from '@libp2p/logger'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { createDriver } from '../../src/driver/driver.ts'
import { createOffers } from '../../src/driver/offers.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { entry, inOrder, testBlock } from '../engine/harness.ts'
import { message } from './rig.ts'
import type { Driver } from '../../src/driver/driver.ts'
import type { OfferedBlock, Sink, Target } from '../../src/targets/target.ts'

const PREFIX = Uint8Array.of(1, 0x55, 0x12, 32)

interface OfferRig { readonly drive: Driver, readonly sinks: Record<string, Sink>, readonly offered: string[], readonly order: string[], tick (): void }

/** Members `a` and `b`, and a cache `c` that takes blocks of others. */
async function rig (offer?: (block: OfferedBlock) => void): Promise<OfferRig> {
  let pending: Array<() => void> = []
  const sinks: Record<string, Sink> = {}
  const offered: string[] = []
  const order: string[] = []
  const drive = createDriver({
    engine: createEngine({ members: [{ id: 'a' }, { id: 'b' }, { id: 'c' }], strategy: inOrder, now: () => 0, randomSeed: 1, seed: 0 }),
    timers: { now: () => 0, endOfTick (run) { pending.push(run) }, after: () => () => {} },
    upstream: { wake (client) { order.push(`wake ${client}`) }, disconnect () {} },
    log: defaultLogger().forComponent('test')
  })
  const target = (id: string): Target => ({ start (sink) { sinks[id] = sink }, stop () {}, ask () {}, cancel () {} })
  await drive.start('a', target('a'))
  await drive.start('b', target('b'))
  await drive.start('c', {
    ...target('c'),
    offer (block) {
      order.push('offer')
      offered.push(`${block.cid}`)
      offer?.(block)
    }
  })

  const tick = (): void => {
    const runs = pending
    pending = []
    runs.forEach(run => { run() })
  }

  for (const sink of Object.values(sinks)) {
    sink.up()
  }

  tick()

  return { drive, sinks, offered, order, tick }
}

describe('blocks that are offered', () => {
  const block = testBlock(1)

  it('are those that a client wanted, under the CID that the member sent, when everything else is done', async () => {
    const { drive, sinks, offered, order, tick } = await rig()
    drive.message('p', message(entry(block)))
    tick()
    await sinks.a.block(PREFIX, block.bytes)
    expect(offered).to.be.empty()
    tick()
    expect(order).to.deep.equal(['wake p', 'offer'])
    expect(offered).to.deep.equal([`${CID.decode(block.cid)}`])
  })

  it('are not unsolicited blocks, nor those of the cache itself', async () => {
    const { drive, sinks, offered, tick } = await rig()
    await sinks.a.block(PREFIX, block.bytes)
    drive.message('p', message(entry(testBlock(2))))
    tick()
    await sinks.c.block(PREFIX, testBlock(2).bytes)
    tick()
    expect(offered).to.be.empty()
  })

  it('an error of the cache is reported, and delays nothing', async () => {
    const { drive, sinks, tick } = await rig(() => { throw new Error('full') })
    drive.message('p', message(entry(block)))
    tick()
    await sinks.a.block(PREFIX, block.bytes)
    tick()
    expect(drive.seen('c').lastError).to.have.property('message', 'full')
    expect(drive.take('p', 1 << 20, '/ipfs/bitswap/1.2.0')?.blocks).to.have.lengthOf(1)
  })

  it('go to all caches except the one that sent it', () => {
    const offered: string[] = []
    const offers = createOffers(() => {})

    for (const id of ['c', 'd', 'e']) {
      offers.join(id, { start () {}, stop () {}, ask () {}, cancel () {}, offer () { offered.push(id) } })
    }

    offers.add('d', block.key, PREFIX, block.bytes)
    offers.flush()
    expect(offered).to.deep.equal(['c', 'e'])
  })

  it('are bounded in a tick, by number and by bytes', () => {
    let offered = 0
    const offers = createOffers(() => {})
    expect(offers.open).to.equal(false)
    offers.join('c', { start () {}, stop () {}, ask () {}, cancel () {}, offer () { offered++ } })
    expect(offers.open).to.equal(true)
    const add = (size: number): void => { offers.add('a', block.key, PREFIX, new Uint8Array(size)) }

    for (let i = 0; i < 2000; i++) {
      add(10)
    }

    offers.flush()
    expect(offered).to.equal(1024)

    for (let i = 0; i < 10; i++) {
      add(3 << 20)
    }

    offers.flush()
    expect(offered).to.equal(1024 + 5)
    offers.leave('c')
    expect(offers.open).to.equal(false)
  })
})
