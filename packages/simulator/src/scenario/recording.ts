import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { wantKey } from '@kitsune/bitswap-codec'
import { readRecordLine } from '@kitsune/want-router/recording'
import { ScenarioError } from '../errors.ts'
import { histogram } from '../metrics/histogram.ts'
import type { Distribution, FullScenario, MemberModel } from './schema.ts'
import type { Histogram } from '../metrics/histogram.ts'
import type { Ask } from '../models/client.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { Decision, Input, TapRecord } from '@kitsune/want-router/engine'

/** What a recording says of the world in which it was made. */
export interface Recording {
  /** What each peer asked for, and when, ms from the start. */
  readonly arrivals: ReadonlyMap<string, ReadonlyArray<{ readonly at: number, readonly asks: readonly Ask[] }>>
  /** Bytes of a block: as it was seen, else that of another; undefined of one that is lacked and was never seen. */
  size (key: WantKey): number | undefined
  /** Blocks that a member said it lacks. */
  readonly lacks: ReadonlyMap<string, ReadonlySet<WantKey>>
}

export interface RecordedScenario {
  readonly scenario: FullScenario
  readonly recording: Recording
}

// a member's latencies are drawn from so many quantiles of what was measured
const PARTS = 50
const PATIENCE = 30_000

/**
 * Reads a recording as a workload: the wants come when they came, the blocks have
 * their sizes, and each member takes as long as it took, whatever the load. Its
 * cancels are left out, as a peer cancels what it has got, and when that will be
 * is what is to be found out.
 *
 * @throws {ScenarioError} if it is not a recording
 */
export async function readRecording (path: string): Promise<RecordedScenario> {
  const reading = beginReading(path)
  try {
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      if (line !== '') {
        reading.add(readRecordLine(line))
      }
    }
  } catch (err) {
    throw new ScenarioError(`${path}: ${err instanceof Error ? err.message : String(err)}`)
  }
  return reading.end()
}

/** What is learned of a member. */
interface Seen {
  readonly block: Histogram
  readonly presence: Histogram
  readonly lacks: Set<WantKey>
  readonly open: Map<WantKey, number>
  blocks: number
}

function beginReading (path: string): { add (record: TapRecord): void, end (): RecordedScenario } {
  let start: Extract<TapRecord, { t: 'start' }> | undefined
  let end = 0
  const members = new Map<string, Seen>()
  const arrivals = new Map<string, Array<{ at: number, asks: Ask[] }>>()
  const sizes = new Map<WantKey, number>()

  function answered (id: string, key: WantKey, at: number, what: 'block' | 'presence'): Seen | undefined {
    const member = members.get(id)
    const since = member?.open.get(key)
    if (since != null) {
      member?.open.delete(key)
      member?.[what].add(at - since)
    }
    return member
  }

  function heard (at: number, input: Input): void {
    if (input.t === 'message') {
      const asks = input.wants.filter(({ cancel, cid }) => !cancel && wantKey(cid) != null).map(({ cid, wantType }) => ({ cid, type: wantType }))
      const list = arrivals.get(input.peer) ?? []
      list.push({ at, asks })
      arrivals.set(input.peer, list)
    } else if (input.t === 'block') {
      sizes.set(input.key, input.bytes.byteLength)
      const member = answered(input.member, input.key, at, 'block')
      if (member != null) {
        member.blocks++
      }
    } else if (input.t === 'answer' && (input.answer === 'have' || input.answer === 'lack')) {
      const member = answered(input.member, input.key, at, 'presence')
      if (input.answer === 'lack') {
        member?.lacks.add(input.key)
      }
    }
  }

  function said (at: number, decision: Decision): void {
    if (decision.t === 'ask') {
      for (const { key } of decision.wants) {
        members.get(decision.member)?.open.set(key, at)
      }
    }
  }

  return {
    add (record) {
      if (record.t === 'start') {
        if (start != null) {
          throw new ScenarioError('it has the starts of two engines: split it')
        }
        start = record
        for (const { id } of record.members) {
          members.set(id, { block: histogram(), presence: histogram(), lacks: new Set(), open: new Map(), blocks: 0 })
        }
      }
      if (start == null) {
        throw new ScenarioError('it does not begin with the start of an engine')
      }
      end = record.at - start.at
      if (record.t === 'put') {
        heard(end, record.input)
      } else if (record.t === 'flush') {
        for (const decision of record.said) {
          said(end, decision)
        }
      }
    },

    end () {
      if (start == null || arrivals.size === 0) {
        throw new ScenarioError(`${path}: nobody asks for anything in it`)
      }
      const name = basename(path)
      const lacks = new Map([...members].map(([id, { lacks }]) => [id, lacks]))
      const [typical] = sizes.values()
      return {
        scenario: {
          name,
          title: `What if ${name} had been routed otherwise?`,
          about: 'Wants and sizes of blocks as recorded; each member takes as long as it took then, whatever its load.',
          duration: end + PATIENCE,
          warmup: 0,
          buckets: 60,
          sizes: 0,
          members: start.members.map(({ id, weight = 1, labels = {} }) => memberOf(id, weight, labels, members.get(id))),
          upstream: [],
          limits: { ...start.limits },
          variants: {},
          strategies: ['round-robin', 'least-loaded', 'rendezvous']
        },
        recording: {
          arrivals,
          lacks,
          size: key => sizes.get(key) ?? ([...lacks.values()].some(lacks => lacks.has(key)) ? undefined : typical)
        }
      }
    }
  }
}

function memberOf (id: string, weight: number, labels: Readonly<Record<string, string>>, seen: Seen | undefined): MemberModel {
  const blocks = seen?.blocks ?? 0
  const lacks = seen?.lacks.size ?? 0
  return {
    id,
    count: 1,
    weight,
    labels: { ...labels },
    network: 0,
    service: empirical(seen?.block),
    presence: empirical(seen?.presence),
    others: 0,
    holds: blocks + lacks === 0 ? 1 : blocks / (blocks + lacks),
    phases: []
  }
}

/** Draws what was measured, by its quantiles. */
function empirical (measured: Histogram | undefined): Distribution {
  if (measured == null || measured.count === 0) {
    return 1
  }
  return {
    kind: 'mixture',
    parts: Array.from({ length: PARTS }, (_, i) => ({ share: 1, of: measured.quantile((i + 0.5) / PARTS) ?? 0 }))
  }
}
