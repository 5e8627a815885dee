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
  /** Ends the tick, and the ticks that follow from it. */
  turn (): Promise<void>
  /** Lets time pass, in steps so small that the process does not seem to have stood still. */
  pass (ms: number): Promise<void>
  deliver (block: TestBlock): Promise<void>
  dontHave (block: TestBlock): Promise<void>
}

async function localRig (init: Parameters<typeof rig>[0] = {}): Promise<LocalRig> {
  const base = await rig(init)

  const turn = async (): Promise<void> => {
    // an answer leads to a cancel, that to the end of the want, and that to the client's leaving
    for (let i = 0; i < 4; i++) {
      await settled()
      base.timers.tick()
    }
  }

  base.sink.up()
  await turn()

  return {
    ...base,
    turn,
    async pass (ms) {
      for (let at = 0; at < ms; at += 50) {
        base.timers.pass(50)
        await turn()
      }
    },
    async deliver (block) {
      await base.sink.block(PREFIX, block.bytes)
      await turn()
    },
    async dontHave (block) {
      base.sink.answer(block.key, 'dont-have')
      await turn()
    }
  }
}

describe('local client', () => {
  const block = testBlock(1)
  const cid = cidOf(block)

  it('gets a block by one want, without a network', async () => {
    const { local, turn, deliver, asked, woken, engine } = await localRig()
    const got = watch(local.unnamed.get(cid))
    await turn()
    expect(asked.map(({ key }) => key)).to.deep.equal([block.key])
    expect(engine.status()).to.include({ clients: 1, wants: 1 })
    await deliver(block)
    expect(got.value).to.deep.equal(block.bytes)
    expect(woken).to.be.empty()
  })

  it('is not a client once it wants nothing, and the same client while it asks block by block', async () => {
    const ended: string[] = []
    const { local, turn, deliver, engine } = await localRig({
      tap: record => { record.t === 'put' && ended.push(record.input.t) }
    })
    const both = (async () => {
      await local.unnamed.get(cid)
      await local.unnamed.get(cidOf(testBlock(2)))
    })()
    await turn()
    await deliver(block)
    await deliver(testBlock(2))
    await both
    expect(ended.filter(t => t === 'gone')).to.have.lengthOf(1)
    expect(engine.status()).to.include({ clients: 0, wants: 0, fetches: 0, unsent: 0 })
  })

  it('hands each call its own copy, in its own buffer', async () => {
    const frame = new Uint8Array(100_000)
    const view = frame.subarray(1000, 1000 + block.bytes.byteLength)
    view.set(block.bytes)
    const { local, turn, sink } = await localRig()
    const calls = [local.unnamed.get(cid), local.unnamed.get(cid)]
    await turn()
    await sink.block(PREFIX, view)
    await turn()
    const [one, other] = await Promise.all(calls)
    expect(one.buffer.byteLength).to.equal(one.byteLength)
    one.fill(0)
    expect(other).to.deep.equal(block.bytes)
    expect(new Uint8Array(view)).to.deep.equal(block.bytes)
  })

  it('hands the bytes themselves to calls that do not modify them, unless these keep much more in memory', async () => {
    const { length } = block.bytes

    for (const [size, shared] of [[length, true], [Math.floor(length * 1.3), true], [length * 1.4, false]] as const) {
      const view = new Uint8Array(Math.ceil(size)).subarray(0, length)
      view.set(block.bytes)
      const { local, turn, sink } = await localRig()
      const call = local.unnamed.get(cid, { shared: true })
      await turn()
      await sink.block(PREFIX, view)
      await turn()
      const got = await call
      expect(got).to.deep.equal(block.bytes)
      expect(got.buffer === view.buffer, `${size}`).to.equal(shared)
    }
  })

  it('calls for one multihash share a want, and all are answered, whatever their CIDs', async () => {
    const { local, turn, deliver, engine, asked } = await localRig()
    const v0 = CID.decode(block.v0)
    const seen = [local.unnamed.get(cid), local.unnamed.get(v0), local.unnamed.get(cid)].map(watch)
    const has = watch(local.unnamed.has(v0))
    await turn()
    expect(engine.status().wants).to.equal(1)
    expect(asked).to.have.lengthOf(1)
    await deliver(block)
    expect(seen.map(({ value }) => value)).to.deep.equal([block.bytes, block.bytes, block.bytes])
    expect(has.value).to.equal('have')
    expect(engine.status()).to.include({ clients: 0, wants: 0 })
  })

  it('asks for the block if one call wants to know of it and another wants it', async () => {
    const { local, turn, sink, deliver, engine, asked } = await localRig()
    const has = watch(local.unnamed.has(cid))
    await turn()
    const got = watch(local.unnamed.get(cid))
    await turn()
    expect(asked.map(({ type }) => type)).to.deep.equal(['have', 'block'])
    sink.answer(block.key, 'have')
    await turn()
    await deliver(block)
    expect(has.value).to.equal('have')
    expect(got.value).to.deep.equal(block.bytes)
    expect(engine.status()).to.include({ clients: 0, wants: 0 })
  })

  it('keeps no want where a small block answered the want-have while the block came to be wanted', async () => {
    const small = testBlock(7, 100)
    const { local, turn, sink, engine } = await localRig()
    // the client stays, and so does everything that it would forget
    void watch(local.unnamed.get(cid))
    const has = watch(local.unnamed.has(cidOf(small)))
    await turn()
    await sink.block(PREFIX, small.bytes)
    const got = watch(local.unnamed.get(cidOf(small)))
    await turn()
    await turn()
    expect(has.value).to.equal('have')
    expect(got.value).to.deep.equal(small.bytes)
    expect(engine.status()).to.include({ clients: 1, wants: 1 })
  })

  it('does not take the end of an earlier want for that of a new one', async () => {
    const { local, turn, sink, dontHave, deliver, engine } = await localRig()
    const has = watch(local.unnamed.has(cid).then(async () => local.unnamed.get(cid)))
    await turn()
    sink.answer(block.key, 'have')
    await turn()
    await turn()
    expect(has).to.deep.equal({})
    await deliver(block)
    expect(has.value).to.deep.equal(block.bytes)

    const other = testBlock(2)
    const missing = watch(local.unnamed.get(cidOf(other)).catch(async () => local.unnamed.get(cidOf(other))))
    await turn()
    await dontHave(other)
    await turn()
    await sink.block(PREFIX, other.bytes)
    await turn()
    await turn()
    expect(missing.value).to.deep.equal(other.bytes)
    expect(engine.status()).to.include({ clients: 0, wants: 0, fetches: 0 })
  })

  it('learns how a want ended that is asked again in the tick in which it was taken back', async () => {
    const { local, turn, pass, sink } = await localRig({ limits: { wantLifetime: 2000 } })
    const controller = new AbortController()
    void watch(local.unnamed.get(cid, { signal: controller.signal }))
    await turn()
    controller.abort(new Error('enough'))
    const again = watch(local.unnamed.get(cid))
    await turn()
    sink.answer(block.key, 'unknown')
    await pass(3000)
    expect(again.error).to.have.property('name', 'WantExpiredError')
  })

  it('keeps no want that is asked again while the block of an earlier one is on its way', async () => {
    const { local, turn, sink, engine } = await localRig()
    const controller = new AbortController()
    const given = watch(local.unnamed.get(cid, { signal: controller.signal }))
    await turn()
    await sink.block(PREFIX, block.bytes)
    controller.abort(new Error('enough'))
    const got = watch(local.unnamed.get(cid))
    await turn()
    await turn()
    expect(given.error).to.have.property('message', 'enough')
    expect(got.value).to.deep.equal(block.bytes)
    expect(engine.status()).to.include({ clients: 0, wants: 0, fetches: 0 })
  })

  it('one call that gives up leaves the others their want, and the last takes it back', async () => {
    const { local, turn, deliver, engine, cancelled } = await localRig()
    const [one, two, three] = [new AbortController(), new AbortController(), new AbortController()]
    const reason = new Error('had enough')
    const seen = [one, two].map(({ signal }) => watch(local.unnamed.get(cid, { signal })))
    const other = watch(local.unnamed.get(cidOf(testBlock(2)), { signal: three.signal }))
    await turn()
    one.abort(reason)
    await turn()
    expect(seen[0].error).to.equal(reason)
    expect(engine.status().wants).to.equal(2)
    three.abort(reason)
    await turn()
    expect(other.error).to.equal(reason)
    expect(cancelled.map(({ key }) => key)).to.deep.equal([testBlock(2).key])
    expect(engine.status().wants).to.equal(1)
    await deliver(block)
    expect(seen[1].value).to.deep.equal(block.bytes)
    expect(engine.status()).to.include({ clients: 0, wants: 0, fetches: 0 })
  })

  it('asks no member if the signal has already aborted', async () => {
    const { local, turn, asked } = await localRig()
    const reason = new Error('too late')
    const seen = watch(local.unnamed.get(cid, { signal: AbortSignal.abort(reason) }))
    await turn()
    expect(seen.error).to.equal(reason)
    expect(asked).to.be.empty()
  })

  it('rejects with NotFoundError when no member has the block, and ends the want', async () => {
    const { local, turn, dontHave, engine } = await localRig()
    const seen = watch(local.unnamed.get(cid))
    await turn()
    await dontHave(block)
    expect(seen.error).to.include({ name: 'NotFoundError', message: `No member has ${cid}` })
    expect(engine.status()).to.include({ clients: 0, wants: 0, fetches: 0 })
  })

  it('rejects with UnknownError when the block does not come within the given time, and ends the want', async () => {
    const { local, turn, pass, engine } = await localRig()
    const got = watch(local.unnamed.get(cid, { within: 3000 }))
    await turn()
    await pass(2950)
    expect(got.error).to.equal(undefined)
    await pass(50)
    expect(got.error).to.have.property('name', 'UnknownError')
    expect(engine.status()).to.include({ clients: 0, wants: 0 })
  })

  it('rejects with WantExpiredError when the lifetime of the want is over', async () => {
    const { local, turn, sink, pass, engine } = await localRig({ limits: { wantLifetime: 5000 } })
    const seen = watch(local.unnamed.get(cid))
    await turn()
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
    const { local, turn, deliver, drive, pass } = await localRig()
    const before = watch(local.unnamed.get(cid))
    await turn()
    local.drain()
    const drained = drive.drain(0)
    const after = watch(local.unnamed.get(cidOf(testBlock(2))))
    await turn()
    expect(after.error).to.have.property('name', 'DrainingError')
    await deliver(block)
    expect(before.value).to.deep.equal(block.bytes)
    await pass(100)
    await drained
  })

  it('rejects calls with DrainingError that the engine refuses', async () => {
    const { local, turn, drive, pass } = await localRig()
    const drained = drive.drain(0)
    const seen = watch(local.unnamed.get(cid))
    await turn()
    expect(seen.error).to.have.property('name', 'DrainingError')
    await pass(100)
    await drained
  })

  it('rejects open calls with StoppedError when it stops, and also calls that wait and all later ones', async () => {
    const { local, turn } = await localRig({ limits: { wantsPerClient: 1 } })
    const seen = [1, 2].map(seed => watch(local.unnamed.get(cidOf(testBlock(seed)))))
    await turn()
    local.stop()
    seen.push(watch(local.unnamed.get(cid)))
    await settled()
    expect(seen.map(({ error }) => error?.name)).to.deep.equal(['StoppedError', 'StoppedError', 'StoppedError'])
  })

  it('rejects with WantRefusedError when the client is closed', async () => {
    const { local, turn, engine } = await localRig()
    const seen = watch(local.client('x').get(cid))
    await turn()
    expect(local.disconnect('local:x', 'the verdict of a policy')).to.equal(true)
    await turn()
    expect(seen.error).to.include({ name: 'WantRefusedError', reason: 'close' })
    expect(engine.status()).to.include({ clients: 0, wants: 0 })
  })

  describe('has', () => {
    it('learns of a block by a HAVE, and then ends the want', async () => {
      const { local, turn, sink, engine, asked } = await localRig()
      const seen = watch(local.unnamed.has(cid))
      await turn()
      sink.answer(block.key, 'have')
      await turn()
      expect(seen.value).to.equal('have')
      expect(asked.map(({ type }) => type)).to.deep.equal(['have'])
      expect(engine.status()).to.include({ clients: 0, wants: 0, fetches: 0 })
    })

    it('says that no member has it, and does not say so while one may have it', async () => {
      const { local, turn, sink, dontHave, pass, engine } = await localRig()
      const missing = watch(local.unnamed.has(cid))
      await turn()
      await dontHave(block)
      expect(missing.value).to.equal('dont-have')
      const other = testBlock(2)
      const unknown = watch(local.unnamed.has(cidOf(other), { within: 3000 }))
      await turn()
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

    it('lets calls beyond wantsPerClient wait for their turn, and evicts none', async () => {
      const { local, turn, deliver, engine } = await localRig({ limits: { wantsPerClient: 4 } })
      const seen = blocks.map(block => watch(local.unnamed.get(cidOf(block))))
      await turn()
      expect(engine.status().wants).to.equal(4)

      for (const block of blocks) {
        await deliver(block)
        expect(engine.status().wants).to.be.at.most(4)
      }

      expect(seen.map(({ value }) => value)).to.deep.equal(blocks.map(({ bytes }) => bytes))
      expect(engine.status().totals.evicted).to.equal(0)
    })

    it('a call whose turn comes in the tick in which it is given up leaves nothing behind', async () => {
      const { local, turn, engine, pass, deliver } = await localRig({ limits: { wantsPerClient: 4, wantLifetime: 10_000 } })
      const controllers = blocks.slice(0, 5).map(() => new AbortController())
      const calls = controllers.map(({ signal }, i) => watch(local.unnamed.get(cidOf(blocks[i]), { signal })))
      await turn()
      controllers[0].abort(new Error('enough'))
      controllers[4].abort(new Error('enough'))
      await turn()
      expect(calls[4].error?.message).to.equal('enough')

      for (const block of blocks.slice(1, 4)) {
        await deliver(block)
      }

      expect(engine.status()).to.include({ clients: 0, wants: 0 })
      // the end of a later want is not taken for that of a want that never was
      const later = watch(local.unnamed.get(cidOf(blocks[4])))
      await pass(12_000)
      expect(later.error?.name).to.equal('WantExpiredError')
    })

    it('counts a want-have that becomes a want-block in the same tick once', async () => {
      const sizes: number[] = []
      const { local, turn, asked } = await localRig({ tap: record => { record.t === 'put' && record.input.t === 'message' && sizes.push(record.input.wants.length) } })
      void local.unnamed.has(cid)
      void local.unnamed.get(cid)
      await turn()
      expect(sizes).to.deep.equal([1])
      expect(asked.map(({ type }) => type)).to.deep.equal(['block'])
    })

    it('calls that are given up let others begin, in one tick as well', async () => {
      const { local, turn, engine } = await localRig({ limits: { wantsPerClient: 4 } })
      const controller = new AbortController()
      const { signal } = controller
      blocks.slice(0, 12).map(block => watch(local.unnamed.get(cidOf(block), { signal })))
      const last = watch(local.unnamed.get(cidOf(blocks[12])))
      controller.abort(new Error('no more'))
      await turn()
      expect(engine.status().wants).to.equal(1)
      expect(engine.status().totals).to.include({ evicted: 0 })
      expect(last).to.deep.equal({})
    })

    it('all clients of one name are one client, which is not a peer', async () => {
      const { local, turn, engine, drive } = await localRig()
      const peer = 'x'
      void watch(local.client(peer).get(cid))
      void watch(local.client(peer).get(cidOf(testBlock(2))))
      void watch(local.client('y').get(cid))
      drive.message(peer, message(entry(block)))
      await turn()
      expect(engine.status()).to.include({ clients: 3, wants: 4, fetches: 2 })
      drive.gone(peer)
      await turn()
      expect(engine.status()).to.include({ clients: 2, wants: 3 })
      expect(() => local.client('')).to.throw(/at least one character/).with.property('name', 'InvalidOptionError')
    })
  })

  it('a recording of it replays', async () => {
    const records: TapRecord[] = []
    const { local, turn, deliver, dontHave } = await localRig({ tap: record => { records.push(record) } })
    const seen = watch(local.unnamed.get(cid))
    const missing = watch(local.client('x').has(cidOf(testBlock(2))))
    await turn()
    await deliver(block)
    await dontHave(testBlock(2))
    expect(seen.value).to.deep.equal(block.bytes)
    expect(missing.value).to.equal('dont-have')
    expect(replay(records, { strategy: inOrder }).divergence).to.equal(undefined)
  })
})
