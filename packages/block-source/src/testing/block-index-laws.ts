import { FOREVER, expect, expectAborted, expectRejection } from './expect.ts'
import { expectAllFound, expectFound, hashes, show } from './found-blocks.ts'
import { testBytes } from './test-bytes.ts'
import type { IndexProbe, ProbeMode } from './index-probe.ts'
import type { BlockIndexSubject } from './subjects.ts'

/** A subject, and the probe through which its index reads. */
export interface ProbedSubject extends BlockIndexSubject {
  readonly probe: IndexProbe
  readonly maxRead: number
}

interface BlockIndexLawRule {
  readonly title: string
  check (subject: ProbedSubject): Promise<void>
}

const located: BlockIndexLawRule = {
  title: 'each block is found, and its bytes are at its location',
  async check (subject) {
    const results = await subject.index.locate(hashes(subject))

    for (const [i, result] of results.entries()) {
      await expectFound(subject, i, result)
    }
  }
}

const order: BlockIndexLawRule = {
  title: 'there is one result for each multihash, in order, even for repeated ones',
  async check (subject) {
    const asked = subject.blocks.flatMap((_, i) => [i, subject.blocks.length - 1 - i, i])
    const results = await subject.index.locate(asked.map(i => subject.blocks[i].multihash))
    expect(results.length === asked.length, `${asked.length} multihashes have ${results.length} results`)

    for (const [place, i] of asked.entries()) {
      await expectFound(subject, i, results[place])
    }
  }
}

const nothing: BlockIndexLawRule = {
  title: 'an empty list has no results and reads nothing',
  async check ({ index, probe }) {
    const results = await index.locate([])
    expect(results.length === 0, `no multihashes have ${results.length} results`)
    expect(probe.reads.length === 0, `no multihashes led to ${probe.reads.length} reads`)
  }
}

const absent: BlockIndexLawRule = {
  title: 'an unknown multihash has no location, and does not affect other results',
  async check (subject) {
    const [known] = subject.blocks
    const end = known.multihash.length - 1
    const unknown: Array<[what: string, multihash: Uint8Array]> = [
      ['that nothing hashes to', Uint8Array.of(0x12, 0x20, ...testBytes(32, 77))],
      ['that a known one begins with', Uint8Array.of(known.multihash[0], known.multihash[1] - 1, ...known.multihash.subarray(2, end))],
      ['whose last byte differs from a known one', Uint8Array.of(...known.multihash.subarray(0, end), known.multihash[end] ^ 1)]
    ]
    const results = await subject.index.locate([known.multihash, ...unknown.map(([, multihash]) => multihash)])

    for (const [i, [what]] of unknown.entries()) {
      const result = results[i + 1]
      expect(!(result instanceof Error) && result.length === 0, `a digest ${what} was found: ${show(result)}`)
    }

    await expectFound(subject, 0, results[0])
  }
}

const garbage: BlockIndexLawRule = {
  title: 'bytes that are not a multihash have no location, and do not affect other results',
  async check (subject) {
    const garbage = [Uint8Array.of(), Uint8Array.of(0x12), Uint8Array.of(0x12, 0x20, 1), new Uint8Array(20).fill(0xff)]
    const results = await subject.index.locate([...garbage, subject.blocks[0].multihash])

    for (const result of results.slice(0, garbage.length)) {
      expect(result instanceof Error || result.length === 0, `bytes that are not a multihash were found: ${show(result)}`)
    }

    await expectFound(subject, 0, results[garbage.length])
  }
}

const readOnly: BlockIndexLawRule = {
  title: 'the given multihashes are not modified',
  async check (subject) {
    const given = hashes(subject).map(multihash => multihash.slice())
    await subject.index.locate(given)
    expect(given.every((multihash, i) => show(multihash) === show(subject.blocks[i].multihash)), 'a multihash was modified')
  }
}

const unavailable: BlockIndexLawRule = {
  title: 'a failing store never looks like absence, neither of known blocks nor of others',
  async check (subject) {
    subject.probe.mode = 'failing'
    const asked = [...hashes(subject), Uint8Array.of(0x12, 0x20, ...testBytes(32, 77))]
    await expectRejection('a lookup while the store fails', subject.index.locate(asked), undefined)
  }
}

const recovery: BlockIndexLawRule = {
  title: 'a store that has recovered is asked again',
  async check (subject) {
    for (const mode of ['failing', 'short', 'failing'] as const) {
      subject.probe.mode = mode
      await subject.index.locate(hashes(subject)).catch(() => {})
    }

    subject.probe.mode = 'well'
    await expectAllFound(subject)
  }
}

const missing: BlockIndexLawRule = faulty('missing', 'a missing index is not absence')

const short: BlockIndexLawRule = faulty('short', 'a read of too few bytes is not absence')

const abort: BlockIndexLawRule = {
  title: 'an aborted lookup rejects with the reason, and reads nothing if it was aborted before it began',
  async check (subject) {
    const { index, probe } = subject
    const reason = new Error('aborted by the law')
    await expectAborted('a lookup', index.locate(hashes(subject), { signal: AbortSignal.abort(reason) }), reason)
    expect(probe.reads.length === 0, `a lookup that was aborted before it began read ${probe.reads.length} times`)
    probe.mode = 'hanging'
    const controller = new AbortController()
    const lookup = index.locate(hashes(subject), { signal: controller.signal })
    lookup.catch(() => {})
    await new Promise(resolve => { setTimeout(resolve, 0) })
    controller.abort(reason)
    await expectAborted('a lookup that waits for the store', lookup, reason)
  }
}

const others: BlockIndexLawRule = {
  title: 'an aborted lookup does not affect others',
  async check (subject) {
    const controller = new AbortController()
    subject.probe.mode = 'hanging'
    const leaves = subject.index.locate(hashes(subject), { signal: controller.signal })
    leaves.catch(() => {})
    await new Promise(resolve => { setTimeout(resolve, 0) })
    const stays = expectAllFound(subject)
    stays.catch(() => {})
    await new Promise(resolve => { setTimeout(resolve, 0) })
    subject.probe.mode = 'well'
    controller.abort(new Error('aborted by the law'))
    subject.probe.release()
    await within(stays, 'a lookup that waits with another one, which was aborted,')
  }
}

const concurrent: BlockIndexLawRule = {
  title: 'concurrent lookups have the same results as sequential ones',
  async check (subject) {
    await Promise.all(subject.blocks.flatMap((block, i) => [0, 1, 2, 3].map(async () => {
      const [result] = await subject.index.locate([block.multihash])
      await expectFound(subject, i, result)
    })))
  }
}

const bounded: BlockIndexLawRule = {
  title: 'every read is bounded, and no longer than allowed',
  async check (subject) {
    await expectAllFound(subject)

    for (const { object, length } of subject.probe.reads) {
      expect(length != null && length <= subject.maxRead, `${object} was read ${length == null ? 'to its end' : `${length} bytes at a time`}, but at most ${subject.maxRead} are allowed`)
    }
  }
}

const warm: BlockIndexLawRule = {
  title: 'a repeated lookup makes no read',
  async check (subject) {
    await expectAllFound(subject)
    const before = subject.probe.reads.length
    await expectAllFound(subject)
    const reads = subject.probe.reads.length - before
    expect(reads === 0, `the same blocks were found again with ${reads} reads`)
  }
}

/** The name of a law, as in {@link BlockIndexTestsInit.laws}. */
export type BlockIndexLaw =
  | 'located' | 'order' | 'nothing' | 'absent' | 'garbage' | 'read-only' | 'unavailable' | 'recovery'
  | 'missing' | 'short' | 'abort' | 'others' | 'concurrent' | 'bounded' | 'warm'

/** The laws of block indexes by name. */
export const INDEX_LAWS = {
  located,
  order,
  nothing,
  absent,
  garbage,
  'read-only': readOnly,
  unavailable,
  recovery,
  missing,
  short,
  abort,
  others,
  concurrent,
  bounded,
  warm
} as const satisfies Record<BlockIndexLaw, BlockIndexLawRule>

/** With such a store a block is found or the lookup fails, but it is never absent. */
function faulty (mode: ProbeMode, title: string): BlockIndexLawRule {
  return {
    title,
    async check (subject) {
      subject.probe.mode = mode
      const results = await subject.index.locate(hashes(subject)).catch((err: Error) => hashes(subject).map(() => err))

      for (const [i, result] of results.entries()) {
        expect(result instanceof Error || result.length > 0, `block ${i} was absent while the store was ${mode}`)
      }
    }
  }
}

async function within (promise: Promise<void>, what: string, ms = FOREVER): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<'timeout'>(resolve => { timer = setTimeout(resolve, ms, 'timeout') })
  const result = await Promise.race([promise, timeout])
  clearTimeout(timer)
  expect(result !== 'timeout', `${what} has not ended after ${ms} ms`)
}
