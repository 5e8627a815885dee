import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { replay } from '../../src/recording/index.ts'
import { message, rig } from '../driver/rig.ts'
import { entry, inOrder, testBlock } from '../engine/harness.ts'
import type { TapRecord } from '../../src/engine/tap.ts'
import type { Rig } from '../driver/rig.ts'
import type { TestBlock } from '../engine/harness.ts'

const PREFIX = Uint8Array.of(1, 0x55, 0x12, 32)

const cidOf = (block: TestBlock): CID => CID.decode(block.cid)

/** Lets promises settle. */
async function settled (): Promise<void> {
  for (let i = 0; i < 10; i++) {
    await Promise.resolve()
  }
}

/** The state of a promise. */
function watch <T> (promise: Promise<T>): { value?: T, error?: Error } {
  const seen: { value?: T, error?: Error } = {}
  promise.then(value => { seen.value = value }, (error: Error) => { seen.error = error })

  return seen
}

interface LocalRig extends Rig {
  /** Ends the tick, and ticks that follow from it. */
  endTick (): Promise<void>
  /** Lets time pass in steps that are too small to look like a suspended process. */
  pass (ms: number): Promise<void>
  deliver (block: TestBlock): Promise<void>
  dontHave (block: TestBlock): Promise<void>
}

async function localRig (init: Parameters<typeof rig>[0] = {}): Promise<LocalRig> {
  const base = await rig(init)

  const endTick = async (): Promise<void> => {
    // an answer leads to a cancel, the cancel to the end of the want, and that to the end of the client
    for (let i = 0; i < 4; i++) {
      await settled()
      base.timers.tick()
    }
  }

  base.sink.up()
  await endTick()

  return {
    ...base,
    endTick,
    async pass (ms) {
      for (let at = 0; at < ms; at += 50) {
        base.timers.pass(50)
        await endTick()
      }
    },
    async deliver (block) {
      await base.sink.block(PREFIX, block.bytes)
      await endTick()
    },
    async dontHave (block) {
      base.sink.answer(block.key, 'dont-have')
      await endTick()
    }
  }
}

describe('local client', () => {
  const block = testBlock(1)
  const cid = cidOf(block)

  it('gets a block with one want, without a network', async () => {
    const { local, endTick, deliver, asked, woken, engine } = await localRig()
    const got = watch(local.unnamed.get(cid))
    await endTick()
    expect(asked.map(({ key }) => key)).to.deep.equal([block.key])
    expect(engine.status()).to.include({ clients: 1, wants: 1 })
    await deliver(block)
    expect(got.value).to.deep.equal(block.bytes)
    expect(woken).to.be.empty()
  })

  it('is no client of the engine once it wants nothing, but stays one while it asks block by block', async () => {
    const ended: string[] = []
    const { local, endTick, deliver, engine } = await localRig({
      tap: record => { record.t === 'put' && ended.push(record.input.t) }
    })
    const both = (async () => {
      await local.unnamed.get(cid)
      await local.unnamed.get(cidOf(testBlock(2)))
    })()
    await endTick()
    await deliver(block)
    await deliver(testBlock(2))
    await both
    expect(ended.filter(t => t === 'gone')).to.have.lengthOf(1)
    expect(engine.status()).to.include({ clients: 0, wants: 0, fetches: 0, unsent: 0 })
  })

  it('gives each call a copy in a buffer of its own', async () => {
    const frame = new Uint8Array(100_000)
    const view = frame.subarray(1000, 1000 + block.bytes.byteLength)
    view.set(block.bytes)
    const { local, endTick, sink } = await localRig()
    const calls = [local.unnamed.get(cid), local.unnamed.get(cid)]
    await endTick()
    await sink.block(PREFIX, view)
    await endTick()
    const [one, other] = await Promise.all(calls)
    expect(one.buffer.byteLength).to.equal(one.byteLength)
    one.fill(0)
    expect(other).to.deep.equal(block.bytes)
    expect(new Uint8Array(view)).to.deep.equal(block.bytes)
  })

  it('gives calls with `shared` the bytes themselves, unless these keep much more in memory', async () => {
    const { length } = block.bytes

    for (const [size, shared] of [[length, true], [Math.floor(length * 1.3), true], [length * 1.4, false]] as const) {
      const view = new Uint8Array(Math.ceil(size)).subarray(0, length)
      view.set(block.bytes)
      const { local, endTick, sink } = await localRig()
      const call = local.unnamed.get(cid, { shared: true })
      await endTick()
      await sink.block(PREFIX, view)
      await endTick()
      const got = await call
      expect(got).to.deep.equal(block.bytes)
      expect(got.buffer === view.buffer, `${size}`).to.equal(shared)
    }
  })

  it('answers all calls for one multihash with one want, whatever their CIDs', async () => {
    const { local, endTick, deliver, engine, asked } = await localRig()
    const v0 = CID.decode(block.v0)
    const seen = [local.unnamed.get(cid), local.unnamed.get(v0), local.unnamed.get(cid)].map(watch)
    const has = watch(local.unnamed.has(v0))
    await endTick()
    expect(engine.status().wants).to.equal(1)
    expect(asked).to.have.lengthOf(1)
    await deliver(block)
    expect(seen.map(({ value }) => value)).to.deep.equal([block.bytes, block.bytes, block.bytes])
    expect(has.value).to.equal('have')
    expect(engine.status()).to.include({ clients: 0, wants: 0 })
  })

  it('asks for the block if one call asks whether a member has it and another gets it', async () => {
    const { local, endTick, sink, deliver, engine, asked } = await localRig()
    const has = watch(local.unnamed.has(cid))
    await endTick()
    const got = watch(local.unnamed.get(cid))
    await endTick()
    expect(asked.map(({ type }) => type)).to.deep.equal(['have', 'block'])
    sink.answer(block.key, 'have')
    await endTick()
    await deliver(block)
    expect(has.value).to.equal('have')
    expect(got.value).to.deep.equal(block.bytes)
    expect(engine.status()).to.include({ clients: 0, wants: 0 })
  })

  it('keeps no want if a small block answers the want-have while a call asks for the block', async () => {
    const small = testBlock(7, 100)
    const { local, endTick, sink, engine } = await localRig()
    // keeps the client, so that a forgotten want would show
    void watch(local.unnamed.get(cid))
    const has = watch(local.unnamed.has(cidOf(small)))
    await endTick()
    await sink.block(PREFIX, small.bytes)
    const got = watch(local.unnamed.get(cidOf(small)))
    await endTick()
    await endTick()
    expect(has.value).to.equal('have')
    expect(got.value).to.deep.equal(small.bytes)
    expect(engine.status()).to.include({ clients: 1, wants: 1 })
  })

  it('does not take the end of an earlier want for that of a new one', async () => {
    const { local, endTick, sink, dontHave, deliver, engine } = await localRig()
    const has = watch(local.unnamed.has(cid).then(async () => local.unnamed.get(cid)))
    await endTick()
    sink.answer(block.key, 'have')
    await endTick()
    await endTick()
    expect(has).to.deep.equal({})
    await deliver(block)
    expect(has.value).to.deep.equal(block.bytes)

    const other = testBlock(2)
    const missing = watch(local.unnamed.get(cidOf(other)).catch(async () => local.unnamed.get(cidOf(other))))
    await endTick()
    await dontHave(other)
    await endTick()
    await sink.block(PREFIX, other.bytes)
    await endTick()
    await endTick()
    expect(missing.value).to.deep.equal(other.bytes)
    expect(engine.status()).to.include({ clients: 0, wants: 0, fetches: 0 })
  })

  it('learns the end of a want that is asked again in the tick in which it was cancelled', async () => {
    const { local, endTick, pass, sink } = await localRig({ limits: { wantLifetime: 2000 } })
    const controller = new AbortController()
    void watch(local.unnamed.get(cid, { signal: controller.signal }))
    await endTick()
    controller.abort(new Error('enough'))
    const again = watch(local.unnamed.get(cid))
    await endTick()
    sink.answer(block.key, 'unknown')
    await pass(3000)
    expect(again.error).to.have.property('name', 'WantExpiredError')
  })

  it('keeps no want that is asked again while the block for an earlier one is in flight', async () => {
    const { local, endTick, sink, engine } = await localRig()
    const controller = new AbortController()
    const given = watch(local.unnamed.get(cid, { signal: controller.signal }))
    await endTick()
    await sink.block(PREFIX, block.bytes)
    controller.abort(new Error('enough'))
    const got = watch(local.unnamed.get(cid))
    await endTick()
    await endTick()
    expect(given.error).to.have.property('message', 'enough')
    expect(got.value).to.deep.equal(block.bytes)
    expect(engine.status()).to.include({ clients: 0, wants: 0, fetches: 0 })
  })

  it('keeps a want when one of its calls gives up, and cancels it with the last', async () => {
    const { local, endTick, deliver, engine, cancelled } = await localRig()
    const [one, two, three] = [new AbortController(), new AbortController(), new AbortController()]
    const reason = new Error('had enough')
    const seen = [one, two].map(({ signal }) => watch(local.unnamed.get(cid, { signal })))
    const other = watch(local.unnamed.get(cidOf(testBlock(2)), { signal: three.signal }))
    await endTick()
    one.abort(reason)
    await endTick()
    expect(seen[0].error).to.equal(reason)
    expect(engine.status().wants).to.equal(2)
    three.abort(reason)
    await endTick()
    expect(other.error).to.equal(reason)
    expect(cancelled.map(({ key }) => key)).to.deep.equal([testBlock(2).key])
    expect(engine.status().wants).to.equal(1)
    await deliver(block)
    expect(seen[1].value).to.deep.equal(block.bytes)
    expect(engine.status()).to.include({ clients: 0, wants: 0, fetches: 0 })
  })

  it('asks no member if the signal has already aborted', async () => {
    const { local, endTick, asked } = await localRig()
    const reason = new Error('too late')
    const seen = watch(local.unnamed.get(cid, { signal: AbortSignal.abort(reason) }))
    await endTick()
    expect(seen.error).to.equal(reason)
    expect(asked).to.be.empty()
  })

  it('rejects with NotFoundError when no member has the block, and ends the want', async () => {
    const { local, endTick, dontHave, engine } = await localRig()
    const seen = watch(local.unnamed.get(cid))
    await endTick()
    await dontHave(block)
    expect(seen.error).to.include({ name: 'NotFoundError', message: `No member has ${cid}` })
    expect(engine.status()).to.include({ clients: 0, wants: 0, fetches: 0 })
  })

  it('rejects with UnknownError when the block does not arrive within the given time, and ends the want', async () => {
    const { local, endTick, pass, engine } = await localRig()
    const got = watch(local.unnamed.get(cid, { within: 3000 }))
    await endTick()
    await pass(2950)
    expect(got.error).to.equal(undefined)
    await pass(50)
    expect(got.error).to.have.property('name', 'UnknownError')
    expect(engine.status()).to.include({ clients: 0, wants: 0 })
  })

  it('rejects with WantExpiredError when the lifetime of the want is over', async () => {
    const { local, endTick, sink, pass, engine } = await localRig({ limits: { wantLifetime: 5000 } })
    const seen = watch(local.unnamed.get(cid))
    await endTick()
    sink.answer(block.key, 'unknown')
    await pass(4000)
    expect(seen.error).to.equal(undefined)
    await pass(2000)
    expect(seen.error).to.have.property('name', 'WantExpiredError')
    expect(engine.status()).to.include({ clients: 0, wants: 0 })
  })

  it('refuses CIDs that no member could be asked for', async () => {
    const { local } = await localRig()
    const long = CID.createV1(0x55, identity.digest(new Uint8Array(200)))
    const seen = watch(local.unnamed.get(long))
    await settled()
    expect(seen.error).to.include({ name: 'WantRefusedError', reason: 'cid' })
  })

  it('reads blocks inside CIDs itself', async () => {
    const { local, asked } = await localRig()
    const inline = CID.createV1(0x55, identity.digest(Uint8Array.of(1, 2, 3)))
    expect(await local.unnamed.get(inline)).to.deep.equal(Uint8Array.of(1, 2, 3))
    expect(await local.unnamed.has(inline)).to.equal('have')
    expect(asked).to.be.empty()
  })

  it('takes no new calls while it drains, and answers those that it has', async () => {
    const { local, endTick, deliver, drive, pass } = await localRig()
    const before = watch(local.unnamed.get(cid))
    await endTick()
    local.drain()
    const drained = drive.drain(0)
    const after = watch(local.unnamed.get(cidOf(testBlock(2))))
    await endTick()
    expect(after.error).to.have.property('name', 'DrainingError')
    await deliver(block)
    expect(before.value).to.deep.equal(block.bytes)
    await pass(100)
    await drained
  })

  it('rejects calls with DrainingError that the engine refuses', async () => {
    const { local, endTick, drive, pass } = await localRig()
    const drained = drive.drain(0)
    const seen = watch(local.unnamed.get(cid))
    await endTick()
    expect(seen.error).to.have.property('name', 'DrainingError')
    await pass(100)
    await drained
  })

  it('rejects open calls with StoppedError when it stops, and also calls that wait and all later ones', async () => {
    const { local, endTick } = await localRig({ limits: { wantsPerClient: 1 } })
    const seen = [1, 2].map(seed => watch(local.unnamed.get(cidOf(testBlock(seed)))))
    await endTick()
    local.stop()
    seen.push(watch(local.unnamed.get(cid)))
    await settled()
    expect(seen.map(({ error }) => error?.name)).to.deep.equal(['StoppedError', 'StoppedError', 'StoppedError'])
  })

  it('rejects with WantRefusedError when the client is closed', async () => {
    const { local, endTick, engine } = await localRig()
    const seen = watch(local.client('x').get(cid))
    await endTick()
    expect(local.disconnect('local:x', 'the verdict of a policy')).to.equal(true)
    await endTick()
    expect(seen.error).to.include({ name: 'WantRefusedError', reason: 'close' })
    expect(engine.status()).to.include({ clients: 0, wants: 0 })
  })

  describe('has', () => {
    it('learns from a HAVE that a member has the block, and then ends the want', async () => {
      const { local, endTick, sink, engine, asked } = await localRig()
      const seen = watch(local.unnamed.has(cid))
      await endTick()
      sink.answer(block.key, 'have')
      await endTick()
      expect(seen.value).to.equal('have')
      expect(asked.map(({ type }) => type)).to.deep.equal(['have'])
      expect(engine.status()).to.include({ clients: 0, wants: 0, fetches: 0 })
    })

    it('says `dont-have` if no member has the block, and `unknown` if one may have it', async () => {
      const { local, endTick, sink, dontHave, pass, engine } = await localRig()
      const missing = watch(local.unnamed.has(cid))
      await endTick()
      await dontHave(block)
      expect(missing.value).to.equal('dont-have')
      const other = testBlock(2)
      const unknown = watch(local.unnamed.has(cidOf(other), { within: 3000 }))
      await endTick()
      sink.answer(other.key, 'unknown')
      await pass(2000)
      expect(unknown.value).to.equal(undefined)
      await pass(1000)
      expect(unknown.value).to.equal('unknown')
      expect(engine.status()).to.include({ clients: 0, wants: 0, fetches: 0 })
    })
  })

  describe('its limits', () => {
    const blocks = Array.from({ length: 20 }, (_, i) => testBlock(i))

    it('has calls beyond wantsPerClient wait until others end, and evicts none', async () => {
      const { local, endTick, deliver, engine } = await localRig({ limits: { wantsPerClient: 4 } })
      const seen = blocks.map(block => watch(local.unnamed.get(cidOf(block))))
      await endTick()
      expect(engine.status().wants).to.equal(4)

      for (const block of blocks) {
        await deliver(block)
        expect(engine.status().wants).to.be.at.most(4)
      }

      expect(seen.map(({ value }) => value)).to.deep.equal(blocks.map(({ bytes }) => bytes))
      expect(engine.status().totals.evicted).to.equal(0)
    })

    it('keeps nothing of a call that gives up in the tick in which its want would begin', async () => {
      const { local, endTick, engine, pass, deliver } = await localRig({ limits: { wantsPerClient: 4, wantLifetime: 10_000 } })
      const controllers = blocks.slice(0, 5).map(() => new AbortController())
      const calls = controllers.map(({ signal }, i) => watch(local.unnamed.get(cidOf(blocks[i]), { signal })))
      await endTick()
      controllers[0].abort(new Error('enough'))
      controllers[4].abort(new Error('enough'))
      await endTick()
      expect(calls[4].error?.message).to.equal('enough')

      for (const block of blocks.slice(1, 4)) {
        await deliver(block)
      }

      expect(engine.status()).to.include({ clients: 0, wants: 0 })
      // the end of a later want does not count as that of a want that never began
      const later = watch(local.unnamed.get(cidOf(blocks[4])))
      await pass(12_000)
      expect(later.error?.name).to.equal('WantExpiredError')
    })

    it('counts a want-have that becomes a want-block in the same tick once', async () => {
      const sizes: number[] = []
      const { local, endTick, asked } = await localRig({ tap: record => { record.t === 'put' && record.input.t === 'message' && sizes.push(record.input.wants.length) } })
      void local.unnamed.has(cid)
      void local.unnamed.get(cid)
      await endTick()
      expect(sizes).to.deep.equal([1])
      expect(asked.map(({ type }) => type)).to.deep.equal(['block'])
    })

    it('begins other calls when calls are given up, also in one tick', async () => {
      const { local, endTick, engine } = await localRig({ limits: { wantsPerClient: 4 } })
      const controller = new AbortController()
      const { signal } = controller
      blocks.slice(0, 12).map(block => watch(local.unnamed.get(cidOf(block), { signal })))
      const last = watch(local.unnamed.get(cidOf(blocks[12])))
      controller.abort(new Error('no more'))
      await endTick()
      expect(engine.status().wants).to.equal(1)
      expect(engine.status().totals).to.include({ evicted: 0 })
      expect(last).to.deep.equal({})
    })

    it('has one client of the engine for each name, which is not a peer', async () => {
      const { local, endTick, engine, drive } = await localRig()
      const peer = 'x'
      void watch(local.client(peer).get(cid))
      void watch(local.client(peer).get(cidOf(testBlock(2))))
      void watch(local.client('y').get(cid))
      drive.message(peer, message(entry(block)))
      await endTick()
      expect(engine.status()).to.include({ clients: 3, wants: 4, fetches: 2 })
      drive.gone(peer)
      await endTick()
      expect(engine.status()).to.include({ clients: 2, wants: 3 })
      expect(() => local.client('')).to.throw(/at least one character/).with.property('name', 'InvalidOptionError')
    })
  })

  it('can be replayed from a recording', async () => {
    const records: TapRecord[] = []
    const { local, endTick, deliver, dontHave } = await localRig({ tap: record => { records.push(record) } })
    const seen = watch(local.unnamed.get(cid))
    const missing = watch(local.client('x').has(cidOf(testBlock(2))))
    await endTick()
    await deliver(block)
    await dontHave(testBlock(2))
    expect(seen.value).to.deep.equal(block.bytes)
    expect(missing.value).to.equal('dont-have')
    expect(replay(records, { strategy: inOrder }).divergence).to.equal(undefined)
  })
})
