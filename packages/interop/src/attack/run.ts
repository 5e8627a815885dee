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
function excess ({ during, sink }: AttackResult): number {
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
const QUIET = 3_000

/** How long all of it takes, beside the time that clients need to connect, ms. */
export function attackTime ({ floods, all, times, duration, settle }: Omit<AttackOptions, 'onResult'>): number {
  const count = floods.reduce((sum, kind) => sum + transportsOf(kind, all).length, 0)

  return count * (times * (3 * QUIET + 2 * duration) + Math.max(0, settle - QUIET))
}

/** Floods a balancer that it starts on loopback with each kind, one after another, with an honest client beside them. */
export async function attack ({ floods, all, times, duration, settle, onResult }: AttackOptions): Promise<AttackResult[]> {
  const large = await seededBlocks(25, MiB, 'for slow readers')
  const { hold, onMessage } = createHolder(large)
  const member = await createWirePeer({ listen: ['tcp'], keeps: false, onMessage })
  const [target, sink] = await Promise.all([0, 1].map(async () => startProbedBalancer({ downstreams: member.addresses })))
  const honest = await createHonestClient(target.tcp, 'honest', hold)
  const results: AttackResult[] = []

  try {
    await honest.measure(QUIET)

    for (const kind of floods) {
      for (const transport of transportsOf(kind, all)) {
        const repeated: AttackResult[] = []

        for (let i = 0; i < times; i++) {
          repeated.push(await flood({ name: kind.name, transport, target, sink, honest, duration, settle: i === times - 1 ? settle : 0, wants: large.map(({ cid }) => cid.toString()) }))
        }

        const { rss, heap } = repeated[times - 1]
        const median = repeated.sort((a, b) => excess(a) - excess(b))[Math.floor(times / 2)]
        const result = { ...median, rss: { ...median.rss, after: rss.after }, heap: { ...median.heap, after: heap.after } }
        results.push(result)
        onResult?.(result)
      }
    }
  } finally {
    await honest.stop()
    await Promise.all([target.stop(), sink.stop()])
    await member.stop()
  }

  return results
}

interface FloodInit {
  readonly name: string
  readonly transport: Transport
  readonly target: ProbedBalancer
  readonly sink: ProbedBalancer
  readonly honest: HonestClient
  readonly duration: number
  readonly settle: number
  readonly wants: readonly string[]
}

async function flood ({ name, transport, target, sink, honest, duration, settle, wants }: FloodInit): Promise<AttackResult> {
  const init = { name, transport, full: true, duration, most: MOST, wants }
  const before = await honest.measure(QUIET)
  const sunk = await during({ ...init, address: sink[transport] }, honest)
  await honest.measure(QUIET)

  const heap = await target.look({ collected: true })
  await target.look()
  const resident = residentBytes(target.pid)?.now ?? 0
  resetPeak(target.pid)
  const flooded = await during({ ...init, address: target[transport] }, honest)
  const { stall, delay: late } = await target.look()
  const peak = residentBytes(target.pid)?.peak ?? 0
  const after = await honest.measure(QUIET)
  await delay(Math.max(0, settle - QUIET))

  return {
    name,
    transport,
    sent: flooded.sent,
    before,
    sink: sunk.latencies,
    during: flooded.latencies,
    after,
    rss: { before: resident, peak, after: residentBytes(target.pid)?.now ?? 0 },
    heap: { before: heap.heap + heap.external, after: await target.look({ collected: true }).then(({ heap, external }) => heap + external) },
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
