import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { wantKey } from '@kitsune/bitswap-codec'
import { readRecordLine } from '@kitsune/want-router/recording'
import { ScenarioError } from '../errors.ts'
import { createHistogram } from '../metrics/histogram.ts'
import type { Distribution, FullScenario, MemberModel } from './schema.ts'
import type { Histogram } from '../metrics/histogram.ts'
import type { Wanted } from '../models/client.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { Decision, Input, TapRecord } from '@kitsune/want-router/engine'

/** The world of a recording, as far as the recording tells. */
export interface Recording {
  /** The wants of each client with their times, ms from the start. */
  readonly arrivals: ReadonlyMap<string, ReadonlyArray<{ readonly at: number, readonly wanted: readonly Wanted[] }>>
  /** Bytes of a block: as recorded, or those of another block; undefined for one that was never sent and that some member does not have. */
  size (key: WantKey): number | undefined
  /** Blocks that a member said it does not have. */
  readonly dontHaves: ReadonlyMap<string, ReadonlySet<WantKey>>
}

/** A scenario whose clients are those of a recording. */
export interface RecordedScenario {
  readonly scenario: FullScenario
  readonly recording: Recording
}

// a member's latencies are drawn from this many quantiles of the measured ones
const PARTS = 50
/** How long a recorded client waits for an answer, ms. */
export const RECORDED_CANCEL_AFTER = 30_000

/**
 * Reads a recording as a workload: wants come when they came, blocks have their sizes,
 * and each member takes as long as it took, whatever the load. Cancels are left out:
 * a client cancels what it has got, and when that happens is for the simulation to find out.
 *
 * @throws {ScenarioError} if it is not a recording
 */
export async function readRecording (path: string): Promise<RecordedScenario> {
  const reading = new Reading(path)

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

/** What the recording tells about a member. */
interface SeenMember {
  readonly block: Histogram
  readonly presence: Histogram
  readonly dontHaves: Set<WantKey>
  readonly open: Map<WantKey, number>
  blocks: number
}

/** Collects the data in the records of one engine. */
class Reading {
  readonly #path: string
  readonly #members = new Map<string, SeenMember>()
  readonly #arrivals = new Map<string, Array<{ at: number, wanted: Wanted[] }>>()
  readonly #sizes = new Map<WantKey, number>()
  #start: Extract<TapRecord, { t: 'start' }> | undefined
  #end = 0

  constructor (path: string) {
    this.#path = path
  }

  add (record: TapRecord): void {
    if (record.t === 'start') {
      if (this.#start != null) {
        throw new ScenarioError('it contains the recordings of two engines: split it')
      }

      this.#start = record

      for (const { id } of record.members) {
        this.#members.set(id, { block: createHistogram(), presence: createHistogram(), dontHaves: new Set(), open: new Map(), blocks: 0 })
      }
    }

    if (this.#start == null) {
      throw new ScenarioError('it does not begin with the start of an engine')
    }

    this.#end = record.at - this.#start.at

    if (record.t === 'put') {
      this.#addInput(this.#end, record.input)
    } else if (record.t === 'flush') {
      for (const decision of record.said) {
        this.#addDecision(this.#end, decision)
      }
    }
  }

  end (): RecordedScenario {
    if (this.#start == null || this.#arrivals.size === 0) {
      throw new ScenarioError(`${this.#path}: it contains no wants`)
    }

    const name = basename(this.#path)

    return {
      scenario: {
        name,
        title: `What if ${name} had been routed differently?`,
        about: 'Wants and sizes of blocks are as recorded; each member takes as long as it took then, whatever its load.',
        duration: this.#end + RECORDED_CANCEL_AFTER,
        warmup: 0,
        buckets: 60,
        sizes: 0,
        members: this.#start.members.map(({ id, weight = 1, labels = {} }) => memberOf(id, weight, labels, this.#members.get(id))),
        clients: [],
        limits: { ...this.#start.limits },
        variants: {},
        strategies: ['round-robin', 'least-loaded', 'rendezvous']
      },
      recording: this.#recording()
    }
  }

  #recording (): Recording {
    const sizes = this.#sizes
    const dontHaves = new Map([...this.#members].map(([id, { dontHaves }]) => [id, dontHaves]))
    const [typical] = sizes.values()

    return {
      arrivals: this.#arrivals,
      dontHaves,
      size: key => sizes.get(key) ?? ([...dontHaves.values()].some(dontHaves => dontHaves.has(key)) ? undefined : typical)
    }
  }

  #addInput (at: number, input: Input): void {
    if (input.t === 'message') {
      const wanted = input.wants.filter(({ cancel, cid }) => !cancel && wantKey(cid) != null).map(({ cid, wantType }) => ({ cid, type: wantType }))
      const list = this.#arrivals.get(input.client) ?? []
      list.push({ at, wanted })
      this.#arrivals.set(input.client, list)
    } else if (input.t === 'block') {
      this.#sizes.set(input.key, input.bytes.byteLength)
      const member = this.#answered(input.member, input.key, at, 'block')

      if (member != null) {
        member.blocks++
      }
    } else if (input.t === 'answer' && (input.answer === 'have' || input.answer === 'dont-have')) {
      const member = this.#answered(input.member, input.key, at, 'presence')

      if (input.answer === 'dont-have') {
        member?.dontHaves.add(input.key)
      }
    }
  }

  #addDecision (at: number, decision: Decision): void {
    if (decision.t === 'ask') {
      for (const { key } of decision.wants) {
        this.#members.get(decision.member)?.open.set(key, at)
      }
    }
  }

  #answered (id: string, key: WantKey, at: number, what: 'block' | 'presence'): SeenMember | undefined {
    const member = this.#members.get(id)
    const since = member?.open.get(key)

    if (since != null) {
      member?.open.delete(key)
      member?.[what].add(at - since)
    }

    return member
  }
}

function memberOf (id: string, weight: number, labels: Readonly<Record<string, string>>, seen: SeenMember | undefined): MemberModel {
  const blocks = seen?.blocks ?? 0
  const dontHaves = seen?.dontHaves.size ?? 0

  return {
    id,
    count: 1,
    weight,
    labels: { ...labels },
    network: 0,
    service: empirical(seen?.block),
    presence: empirical(seen?.presence),
    others: 0,
    holds: blocks + dontHaves === 0 ? 1 : blocks / (blocks + dontHaves),
    phases: []
  }
}

/** A distribution with the measured quantiles. */
function empirical (measured: Histogram | undefined): Distribution {
  if (measured == null || measured.count === 0) {
    return 1
  }

  return {
    kind: 'mixture',
    parts: Array.from({ length: PARTS }, (_, i) => ({ share: 1, of: measured.quantile((i + 0.5) / PARTS) ?? 0 }))
  }
}
