import { expect } from 'aegir/chai'
import { InvalidRecordingError } from '../../src/errors.ts'
import { readRecordLine, recordLine, replay } from '../../src/recording/index.ts'
import { seededRandom } from '../../src/seeded-random.ts'
import { leastLoaded } from '../../src/strategies/algorithms/least-loaded.ts'
import { rendezvous } from '../../src/strategies/algorithms/rendezvous.ts'
import { bench, entry, testBlock } from '../engine/harness.ts'
import type { TapRecord } from '../../src/recording/index.ts'
import type { Bench } from '../engine/harness.ts'

const members = ['a', 'b', 'c'].map(id => ({ id, labels: { tier: '1' } }))

/** A run in which most things happen, and its recording as read from a file. */
function recorded (seed: number, init: Parameters<typeof bench>[0] = {}): { b: Bench, records: TapRecord[], lines: string[] } {
  const lines: string[] = []
  const b = bench({ members, strategy: leastLoaded(), tap: record => { lines.push(recordLine(record)) }, ...init })
  const random = seededRandom(seed)
  const one = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]
  const blocks = Array.from({ length: 20 }, (_, i) => testBlock(i, 500 + 400 * i))

  for (let i = 0; i < 400; i++) {
    const member = one(members).id
    const block = one(blocks)
    const { want } = b.asks.length > 0 ? one(b.asks) : { want: { key: '' } }
    const asked = blocks.find(({ key }) => key === want.key) ?? block
    one([
      () => { b.want(one(['p', 'q']), entry(block, { wantType: one(['have', 'block']), cid: one([block.cid, block.v0]) })) },
      () => { b.want(one(['p', 'q']), entry(block), entry(one(blocks))) },
      () => {
        b.engine.put({ t: 'message', client: 'p', wants: [entry(block), entry(one(blocks))], full: false, connection: one([1, 2]) })
        b.engine.put({ t: 'connection', client: 'p', connection: one([1, 2]), is: one(['silent', 'heard', 'lost']) })
        b.flush()
      },
      () => { b.block(member, { ...asked, bytes: Buffer.from(asked.bytes) }) },
      () => { b.answer(member, asked, one(['have', 'dont-have', 'unknown', 'failed'])) },
      () => { b.pass(random() * 400) },
      () => {
        if (b.engine.status().members.some(({ id }) => id === member)) {
          b.engine.put(one([{ t: 'remove', member }, { t: 'update', member, weight: one([1, 2]), labels: { tier: '2' }, draining: one([true, false]) }]))
        } else {
          b.engine.put({ t: 'add', member, weight: one([undefined, 3]), labels: { tier: '1' } })
          b.engine.put({ t: 'up', member })
        }

        b.flush()
      },
      () => { b.take(one(['p', 'q'])) },
      () => {
        b.engine.put(one([{ t: 'down', member }, { t: 'up', member, capacity: { bytes: Infinity } }, { t: 'load', member, pendingBytes: 7 }, { t: 'gone', client: 'p' }]))
        b.flush()
      }
    ])()
  }

  return { b, lines, records: lines.map(readRecordLine) }
}

describe('a recording', function () {
  this.timeout(60_000)

  it('replays to the same decisions and the same state', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { b, records } = recorded(seed)
      const result = replay(records, { strategy: leastLoaded() })
      expect(result.divergence, `seed ${seed}`).to.equal(undefined)
      expect(result.records).to.equal(records.length)
      expect(result.engine.status()).to.deep.equal(b.engine.status())
    }
  })

  it('shows where another strategy decides differently', () => {
    const { records } = recorded(1)
    const { divergence } = replay(records, { strategy: rendezvous() })
    expect(divergence?.record).to.be.above(0)
    expect(divergence?.recorded.t).to.equal('flush')
    expect(divergence?.replayed).to.have.property('at', divergence?.recorded.at)
  })

  it('has the configuration of the engine, and no block', () => {
    const { records, lines } = recorded(1, { limits: { wantsPerClient: 7 } })
    expect(records[0]).to.deep.include({ t: 'start', seed: 1, randomSeed: 1, members })
    expect(records[0]).to.have.nested.property('limits.wantsPerClient', 7)
    const blocks = lines.filter(line => line.includes('"t":"block"'))
    expect(blocks).to.not.be.empty()

    for (const line of blocks) {
      expect(line).to.match(/"bytes":\{"\$size":\d+\}/)
      expect(line.length).to.be.below(300)
    }
  })

  it('is refused if it is not a recording', () => {
    expect(() => readRecordLine('{"at":1')).to.throw(InvalidRecordingError, 'not a line of a recording: {"at":1')
    expect(() => readRecordLine('{}')).to.throw(InvalidRecordingError, 'no record is of the kind undefined')
    expect(() => readRecordLine('7')).to.throw(InvalidRecordingError, 'not a line of a recording: 7')
    expect(() => replay([], { strategy: rendezvous() })).to.throw(InvalidRecordingError, 'empty')
    const { records } = recorded(1)
    expect(() => replay(records.slice(1), { strategy: rendezvous() })).to.throw(InvalidRecordingError, 'does not begin')
    expect(() => replay([...records, records[0]], { strategy: leastLoaded() })).to.throw(InvalidRecordingError, 'another engine')
  })

  const FORMAT = /it was written in format (1|4), and this version of the router reads format 3: replay it with the version that wrote it: \{"at":/

  it('is refused if it has another format, with a sentence that says what to do', () => {
    const [start] = recorded(1).lines
    const { format, ...rest } = JSON.parse(start)
    expect(() => readRecordLine(JSON.stringify(rest))).to.throw(InvalidRecordingError).with.property('message').that.matches(FORMAT)
    expect(() => readRecordLine(JSON.stringify({ ...rest, format: format + 1 }))).to.throw(InvalidRecordingError).with.property('message').that.matches(FORMAT)
    expect(readRecordLine(start)).to.include({ t: 'start', format })
  })

  it('is refused if a record has not what its replay needs, with a sentence that names it', () => {
    const { lines } = recorded(1)
    const one = (mark: string): string => lines.find(line => line.includes(mark)) ?? ''

    for (const [line, message] of [
      [one('"t":"start"').replace('"randomSeed"', '"seed2"'), 'the record "start" has no "randomSeed"'],
      [one('"t":"start"').replace('"wantsPerClient"', '"wantsPerPeer"'), 'the list of limits has no "wantsPerClient"'],
      [one('"t":"message"').replace('"client"', '"peer"'), 'the input "message" has no "client"'],
      [one('"t":"block"').replace('"bytes"', '"data"'), 'the input "block" has no "bytes"'],
      [one('"t":"tick"').replace('"t":"tick"', '"t":"clock"'), 'no input is of the kind "clock"'],
      [one('"t":"flush"').replace('"said"', '"decisions"'), 'the record "flush" has no "said"'],
      [one('"t":"take"').replace('"protocol"', '"version"'), 'the record "take" has no "protocol"'],
      [one('"t":"take"').replace('"at"', '"when"'), 'or it has no time']
    ]) {
      expect(() => readRecordLine(line), line).to.throw(InvalidRecordingError, message)
    }
  })
})
