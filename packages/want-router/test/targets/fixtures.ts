import { wantKey } from '@kitsune/bitswap-codec'
import { defaultLogger } from '@libp2p/logger'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import type { AskType } from '../../src/strategies/strategy.ts'
import type { Sink, TargetContext, TargetWant } from '../../src/targets/target.ts'
import type { Timers } from '../../src/timers.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

export interface FakeTimers extends Pick<Timers, 'now' | 'after'> {
  /** Lets time pass, timer by timer, and lets promises settle after each. */
  advance (ms: number): Promise<void>
  /** Timers that have not been cancelled and have not fired. */
  readonly pending: number
}

export function fakeTimers (): FakeTimers {
  const timers = new Set<{ at: number, run (): void }>()
  let now = 0

  return {
    now: () => now,

    after (ms, run) {
      const timer = { at: now + ms, run }
      timers.add(timer)

      return () => { timers.delete(timer) }
    },

    async advance (ms) {
      const end = now + ms
      await settled()

      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)

        if (next == null) {
          break
        }

        now = next.at
        timers.delete(next)
        next.run()
        await settled()
      }

      now = end
    },

    get pending () { return timers.size }
  }
}

/** After all microtasks that are queued now, and those that they queue. */
export async function settled (): Promise<void> {
  return new Promise(resolve => { setImmediate(resolve) })
}

export interface RecordingSink extends Sink {
  /** The reports, in words, e.g. `up`, `have a`, `block a`, `down why`. */
  readonly events: string[]
  readonly errors: Error[]
  /** What `block` returns. */
  taken: Promise<void> | undefined
  /** While this is set, a report of the target throws. */
  closed: boolean
}

export function recordingSink (nameOf: (key: WantKey) => string = key => key): RecordingSink {
  const events: string[] = []
  const errors: Error[] = []

  function note (event: string, why?: Error): void {
    if (sink.closed) {
      throw new Error(`the target reported "${event}" where it must not`)
    }

    events.push(event)

    if (why != null) {
      errors.push(why)
    }
  }

  const sink: RecordingSink = {
    events,
    errors,
    taken: undefined,
    closed: false,
    up (capacity) { note(capacity == null ? 'up' : `up ${JSON.stringify(capacity)}`) },
    down (why) { note(why == null ? 'down' : `down: ${why.message}`, why) },
    load (bytes) { note(`load ${bytes}`) },
    answer (key, answer, why, size) { note(`${answer} ${nameOf(key)}${size == null ? '' : ` of ${size}`}`, why) },
    report (why) { note(`report: ${why.message}`, why) },
    block (prefix, bytes) {
      note(`block ${new TextDecoder().decode(bytes)}`)

      return sink.taken
    }
  }

  return sink
}

export interface FakeBlock {
  readonly name: string
  readonly cid: CID
  readonly key: WantKey
  readonly bytes: Uint8Array
}

/** A raw block whose content is its name. */
export async function fakeBlock (name: string): Promise<FakeBlock> {
  const bytes = new TextEncoder().encode(name)
  const cid = CID.createV1(raw.code, await sha256.digest(bytes))
  const key = wantKey(cid.bytes)

  if (key == null) {
    throw new Error('unreachable: the CID was made here')
  }

  return { name, cid, key, bytes }
}

export function wantOf ({ key, cid }: FakeBlock, type: AskType = 'block', session = 'peer'): TargetWant {
  return { key, cid: cid.bytes, type, priority: 1, session }
}

/** A context for targets that open no sessions. */
export function fakeContext (openPeer: TargetContext['openPeer'] = async () => { throw new Error('no sessions here') }): TargetContext {
  return { logger: defaultLogger(), openPeer }
}
