import { expect } from 'aegir/chai'
import { InvalidMessageError } from '../src/errors.ts'
import { decodeMessage, encodeFrame, frameDecoder } from '../src/index.ts'
import { mutate, writeMessage } from './fuzz/messages.ts'
import { createRandom } from './fuzz/random.ts'
import { readReference } from './fuzz/reference.ts'
import { BitswapMessage as Protons } from './protons/message.ts'
import type { DecodedMessage } from '../src/index.ts'
import type { Difference } from './fuzz/reference.ts'

/**
 * Every failure names its seed, which repeats the run. Set FUZZ_SEED and FUZZ_COUNT to
 * start from another seed or to run more messages.
 */
const SEED = Number(process.env.FUZZ_SEED ?? 20_250_101)
const COUNT = Number(process.env.FUZZ_COUNT ?? 110_000)

describe('fuzzing against protons', function () {
  this.timeout(300_000)

  it(`reads ${COUNT} generated and mutated messages as protons does, except for the listed differences`, () => {
    const seen: Record<Difference | 'none', number> = { none: 0, 'malformed message': 0, 'bad item': 0, value: 0, 'two wantlists': 0 }

    for (let i = 0; i < COUNT; i++) {
      const frame = generate(i)
      const { differences, message, blocks, skipped } = readReference(frame)

      for (const difference of differences) {
        seen[difference]++
      }

      const ours = attempt(() => decodeMessage(frame))

      if (message == null) {
        check(i, frame, ours instanceof InvalidMessageError, () => `is malformed, but decoded as ${meaning(ours)}`)
        continue
      }

      check(i, frame, !(ours instanceof Error), () => `is well formed, but threw ${ours}`)
      check(i, frame, ours.skipped === skipped, () => `has ${skipped} bad items, but ${ours.skipped} were skipped`)

      // protons itself reads the message without the bad items; it has two lists of blocks
      // and the codec has one, in the order of arrival
      const expected = meaning({ ...ofProtons(Protons.decode(Protons.encode(message))), blocks })
      const actual = meaning(ours)
      check(i, frame, expected === actual, () => `means ${expected}, but decoded as ${actual}`)

      if (differences.size === 0) {
        seen.none++
        const theirs = attempt(() => ofProtons(Protons.decode(frame)))
        check(i, frame, unordered(theirs) === unordered(ours), () => `is ${unordered(theirs)} to protons, but decoded as ${unordered(ours)}`)
      }
    }

    // a run without any differences proves nothing about them
    for (const [difference, count] of Object.entries(seen)) {
      expect(count, difference).to.be.above(COUNT / 100)
    }
  })

  it('encodes what protons reads, and reads what protons encodes', () => {
    for (let i = 0; i < 10_000; i++) {
      const { message } = readReference(writeMessage(createRandom(Math.imul(SEED, 0x9e3779b1) + i), 0.2))

      if (message == null) {
        continue
      }

      const wanted = ofProtons(message)
      const [body, ...others] = frameDecoder().push(join(encodeFrame(wanted, '/ipfs/bitswap/1.2.0')))
      const encoded = Protons.encode(message)

      expect(others).to.be.empty()
      check(i, body, meaning(ofProtons(Protons.decode(body))) === meaning(decodeMessage(body)), () => 'is something else to protons')
      check(i, encoded, unordered(decodeMessage(encoded)) === unordered(wanted), () => 'is not what protons encoded')
    }
  })

  it('is not crashed by 10,000 frames of random bytes, or of an overlong varint and random bytes', () => {
    const random = createRandom(SEED)

    for (let i = 0; i < 10_000; i++) {
      const overlong = random.chance(0.5) ? new Uint8Array(random.int(20)).fill(0x80 + random.int(0x80)) : new Uint8Array(0)
      const bytes = Uint8Array.of(...overlong, ...random.bytes(random.int(200)))
      const message = attempt(() => decodeMessage(bytes))
      const frames = attempt(() => frameDecoder().push(bytes))

      if (message instanceof Error) {
        expect(message).to.have.property('name', 'InvalidMessageError')
      }

      if (frames instanceof Error) {
        expect(frames.name).to.be.oneOf(['InvalidFrameError', 'FrameTooLargeError'])
      }
    }
  })
})

/**
 * Every message has its own seed, so that it can be examined without the messages before it
 */
function generate (i: number): Uint8Array {
  const random = createRandom(Math.imul(SEED, 0x9e3779b1) + i)
  let message = writeMessage(random, random.pick([0, 0.1, 0.5, 1]))

  for (let mutations = random.pick([0, 0, 0, 1, 1, 3]); mutations > 0; mutations--) {
    message = mutate(random, message)
  }

  return message
}

function check (i: number, frame: Uint8Array, condition: boolean, problem: () => string): asserts condition {
  if (!condition) {
    throw new Error(`Message ${i} of FUZZ_SEED=${SEED} ${problem()}\n${Buffer.from(frame).toString('hex')}`)
  }
}

function attempt <T> (run: () => T): T | Error {
  try {
    return run()
  } catch (err) {
    return err as Error
  }
}

type Meaning = Omit<DecodedMessage, 'skipped'>

function ofProtons ({ wantlist, blocks, payload, blockPresences, pendingBytes }: Protons): Meaning {
  return {
    wants: (wantlist?.entries ?? []).map(entry => ({ ...entry, wantType: entry.wantType === 'Have' ? 'have' : 'block' })),
    full: wantlist?.full ?? false,
    blocks: [...blocks.map(data => ({ prefix: Uint8Array.of(0, 0x70, 0x12, 0x20), data })), ...payload],
    presences: blockPresences.map(({ cid, type }) => ({ cid, have: type === 'HaveBlock' })),
    pendingBytes
  }
}

function meaning (message: Meaning | Error): string {
  if (message instanceof Error) {
    return `${message}`
  }

  return JSON.stringify([
    message.wants.map(({ cid, priority, cancel, wantType, sendDontHave }) => [hex(cid), priority, cancel, wantType, sendDontHave]),
    message.full,
    message.blocks.map(({ prefix, data }) => [hex(prefix), hex(data)]),
    message.presences.map(({ cid, have }) => [hex(cid), have]),
    message.pendingBytes
  ])
}

/**
 * The same, except for the order of blocks
 */
function unordered (message: Meaning | Error): string {
  return message instanceof Error ? `${message}` : meaning({ ...message, blocks: message.blocks.toSorted((a, b) => hex(a.prefix) + hex(a.data) < hex(b.prefix) + hex(b.data) ? -1 : 1) })
}

function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

function join (chunks: Uint8Array[]): Uint8Array {
  return Buffer.concat(chunks)
}
