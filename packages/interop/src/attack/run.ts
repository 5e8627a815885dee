import { seededBlocks } from '../blocks.ts'
import { residentBytes, resetPeak } from '../memory.ts'
import { delay } from '../until.ts'
import { createWirePeer } from '../wire-peer.ts'
import { transportsOf } from './floods.ts'
import { createHolder } from './holder.ts'
import { createHonestClient } from './honest.ts'
import { startProbedBalancer } from './probed-balancer.ts'
import { startAttacker } from './start-attacker.ts'
import type { AttackInit } from './attacker.ts'
import type { FloodKind, Transport } from './flood.ts'
import type { HonestClient, Latencies } from './honest.ts'
import type { ProbedBalancer } from './probed-balancer.ts'

/** The effects of a flood. Times are ms, sizes are bytes. */
export interface AttackResult {
  readonly name: string
  readonly transport: Transport
  readonly sent: number
  readonly before: Latencies
  /** Measured while the same attacker floods another balancer: what the attacker costs the machine. */
  readonly sink: Latencies
  readonly during: Latencies
  readonly after: Latencies
  readonly rss: { readonly before: number, readonly peak: number, readonly after: number }
  readonly heap: { readonly before: number, readonly after: number }
  /** The longest stall of the balancer's event loop during the flood, and what 99 of 100 times between two of its timers stayed below. */
  readonly stall: number
  readonly delay: number
}

/** How late the event loop may be in 99 of 100 cases, ms. */
const MOST_DELAY = 100

/** By how much the slowest wants of the honest client exceed the limit, ms: three times what they take while another balancer is flooded, plus 100 ms. */
function excess ({ during, sink }: Pick<AttackResult, 'during' | 'sink'>): number {
  return during.lost > 0 ? Infinity : during.p99 - (3 * sink.p99 + 100)
}

/** Whether a flood exceeds the limits: the honest client waits too long, or the event loop stands still. */
export function exceeds (result: AttackResult): boolean {
  return excess(result) > 0 || result.delay >= MOST_DELAY
}

interface AttackOptions {
  readonly floods: readonly FloodKind[]
  /** Whether each is tried over all transports, instead of those that matter for it. */
  readonly all: boolean
  /** How often each is repeated; the result is the median. */
  readonly times: number
  /** How long each flood lasts. */
  readonly duration: number
  /** How long to wait for memory to be returned after each. */
  readonly settle: number
  /** Called with each result. */
  onResult? (result: AttackResult): void
}

const MiB = 1 << 20
/** The most that a flood sends. */
const MOST = 1_600 * MiB
/** For how long the honest client is measured before and after a flood, and between two. */
const QUIET = 2_000

/** How long all of it takes, beside the time that clients need to connect, ms. */
export function attackTime ({ floods, all, times, duration, settle }: Omit<AttackOptions, 'onResult'>): number {
  const count = floods.reduce((sum, kind) => sum + transportsOf(kind, all).length, 0)
  const sunk = times * (QUIET + duration)

  return count * (sunk + times * (QUIET + duration)) + Math.max(0, count - 1) * Math.max(0, settle - QUIET - sunk) + settle
}

/**
 * Floods a balancer that it starts on loopback with each kind, one after another, with an honest client beside them.
 * While the memory of one flood settles, the other balancer has the next.
 */
export async function attack ({ floods, all, times, duration, settle, onResult }: AttackOptions): Promise<AttackResult[]> {
  const large = await seededBlocks(25, MiB, 'for slow readers')
  const { hold, onMessage } = createHolder(large)
  const member = await createWirePeer({ listen: ['tcp'], keeps: false, onMessage })
  const [target, sink] = await Promise.all([0, 1].map(async () => startProbedBalancer({ downstreams: member.addresses })))
  const honest = await createHonestClient(target.tcp, 'honest', hold)
  const wants = large.map(({ cid }) => cid.toString())
  const results: AttackResult[] = []
  let settled = async (): Promise<void> => {}

  try {
    await honest.measure(QUIET)

    for (const kind of floods) {
      for (const transport of transportsOf(kind, all)) {
        const init = { name: kind.name, transport, full: true, duration, most: MOST, wants }
        const sunk: Sunk[] = []

        for (let i = 0; i < times; i++) {
          const before = await honest.measure(QUIET)
          sunk.push({ before, sink: (await during({ ...init, address: sink[transport] }, honest)).latencies })
        }

        await settled()
        const repeated: Repetition[] = []

        for (const each of sunk) {
          repeated.push({ ...each, ...await flood({ ...init, address: target[transport] }, target, honest) })
        }

        const after = memoryAfter(target, settle - QUIET)

        settled = async () => {
          const result = median(repeated, await after())
          results.push(result)
          onResult?.(result)
        }
      }
    }

    await settled()
  } finally {
    await honest.stop()
    await Promise.all([target.stop(), sink.stop()])
    await member.stop()
  }

  return results
}

/** What the honest client waits before a flood, and while the other balancer is flooded. */
type Sunk = Pick<AttackResult, 'before' | 'sink'>

/** One of several: what of memory is returned is looked at after the last. */
type Repetition = Omit<AttackResult, 'rss' | 'heap'> & { readonly rss: Omit<AttackResult['rss'], 'after'>, readonly heap: Omit<AttackResult['heap'], 'after'> }

interface Memory { readonly resident: number, readonly held: number }

/** What is resident some time from now; and, without garbage, what is held when that is asked for. */
function memoryAfter (balancer: ProbedBalancer, ms: number): () => Promise<Memory> {
  const resident = delay(Math.max(0, ms)).then(() => residentBytes(balancer.pid)?.now ?? 0)

  return async () => ({ resident: await resident, held: await balancer.held() })
}

function median (repeated: readonly Repetition[], { resident, held }: Memory): AttackResult {
  const one = repeated.toSorted((a, b) => excess(a) - excess(b))[Math.floor(repeated.length / 2)]

  return { ...one, rss: { ...one.rss, after: resident }, heap: { ...one.heap, after: held } }
}

async function flood (init: AttackInit, target: ProbedBalancer, honest: HonestClient): Promise<Omit<Repetition, keyof Sunk>> {
  const heap = await target.held()
  await target.look()
  const resident = residentBytes(target.pid)?.now ?? 0
  resetPeak(target.pid)
  const flooded = await during(init, honest)
  const { stall, delay: late } = await target.look()
  const peak = residentBytes(target.pid)?.peak ?? 0

  return {
    name: init.name,
    transport: init.transport,
    sent: flooded.sent,
    during: flooded.latencies,
    after: await honest.measure(QUIET),
    rss: { before: resident, peak },
    heap: { before: heap },
    stall,
    delay: late
  }
}

/** Measures while an attacker's process floods. */
async function during (init: AttackInit, honest: HonestClient): Promise<{ sent: number, latencies: Latencies }> {
  const attacker = await startAttacker(init)

  try {
    const latencies = await honest.measure(init.duration)

    return { sent: await attacker.done(), latencies }
  } finally {
    await attacker.stop()
  }
}
