import { defaultLogger } from '@libp2p/logger'
import { DEFAULT_LIMITS } from '../../src/defaults.ts'
import { createDriver } from '../../src/driver/driver.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { createLocalClients } from '../../src/local/local-clients.ts'
import { inOrder } from '../engine/harness.ts'
import type { Limits } from '../../src/defaults.ts'
import type { Driver } from '../../src/driver/driver.ts'
import type { AdmissionOptions } from '../../src/driver/verdicts.ts'
import type { Verify } from '../../src/driver/verifier.ts'
import type { Engine } from '../../src/engine/io.ts'
import type { WantEnd } from '../../src/engine/status.ts'
import type { Tap } from '../../src/engine/tap.ts'
import type { RouterEvent } from '../../src/events.ts'
import type { LocalClients } from '../../src/local/local-clients.ts'
import type { CancelledWant, Sink, Target, TargetWant } from '../../src/targets/target.ts'
import type { Timers } from '../../src/timers.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'

/** Time and ticks of the event loop that pass only when a test says so. */
interface FakeTimers extends Timers { tick (): void, pass (ms: number): void }

function fakeTimers (): FakeTimers {
  let now = 0
  const ends: Array<() => void> = []
  const timers = new Set<{ at: number, run (): void }>()

  return {
    now: () => now,
    endOfTick (run) { ends.push(run) },
    after (ms, run) {
      const timer = { at: now + ms, run }
      timers.add(timer)

      return () => { timers.delete(timer) }
    },
    tick () {
      for (const run of ends.splice(0)) {
        run()
      }
    },
    pass (ms) {
      now += ms

      for (const timer of timers) {
        if (timer.at <= now) {
          timers.delete(timer)
          timer.run()
        }
      }
    }
  }
}

/** A driver around an engine with one member, `a`. */
export interface Rig { engine: Engine, drive: Driver, timers: FakeTimers, asked: TargetWant[], sink: Sink, woken: string[], closed: string[], target: Target, local: LocalClients, cancelled: CancelledWant[] }

interface RigInit { tap?: Tap, wake? (peer: string, drive: Driver): void, limits?: Partial<Limits>, ask? (wants: readonly TargetWant[]): void, onEvent? (event: RouterEvent): void, verify?: Verify, admission?: AdmissionOptions, onEnded? (ends: readonly WantEnd[]): void, wantsEnds? (): boolean, address? (peer: string): string, deadline? (): number | undefined }

export async function rig ({ tap, wake, limits, ask, onEvent, verify, admission, onEnded, wantsEnds, address, deadline }: RigInit = {}): Promise<Rig> {
  const timers = fakeTimers()
  const asked: TargetWant[] = []
  const cancelled: CancelledWant[] = []
  const woken: string[] = []
  const closed: string[] = []
  let sink: Sink | undefined
  const target: Target = {
    start (s) { sink = s },
    stop () {},
    ask (wants) {
      ask?.(wants)
      asked.push(...wants)
    },
    cancel (wants) { cancelled.push(...wants) }
  }
  const real = createEngine({ members: [{ id: 'a' }], strategy: inOrder, now: timers.now, randomSeed: 1, seed: 0, tap, limits, admission: admission != null, wantsEnds })
  const engine: Engine = deadline == null ? real : Object.create(real, { deadline: { get: deadline } })
  const drive = createDriver({
    engine,
    timers,
    verify,
    upstream: {
      wake (peer) {
        if (!local.wake(peer)) {
          woken.push(peer)
          wake?.(peer, drive)
        }
      },
      disconnect (peer, why) {
        if (!local.disconnect(peer, why)) {
          closed.push(peer)
        }
      },
      address
    },
    admission,
    onEnded: ends => {
      local.ended(ends)
      onEnded?.(ends)
    },
    log: defaultLogger().forComponent('test'),
    onEvent
  })
  const local: LocalClients = createLocalClients({ driver: drive, timers, limits: { ...DEFAULT_LIMITS, ...limits }, verifiable: () => true })
  await drive.start('a', target)

  if (sink == null) {
    throw new Error('the target was not started')
  }

  return { engine, drive, timers, asked, sink, woken, closed, target, local, cancelled }
}

/** A message that wants these. */
export const message = (...wants: WantEntry[]): Parameters<Driver['message']>[1] =>
  ({ wants, full: false })
