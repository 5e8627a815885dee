import type { Engine } from '../engine/io.ts'
import type { Timers } from '../timers.ts'

/** How often the engine's status is read, ms. */
const POLL = 50

/** Resolves when an engine has had no active fetches and nothing unsent for `quiet` ms, or when the signal aborts. */
export async function untilQuiet (engine: Pick<Engine, 'status'>, timers: Pick<Timers, 'now' | 'after'>, quiet: number, signal?: AbortSignal): Promise<void> {
  let quietSince: number | undefined

  while (signal?.aborted !== true) {
    const { active, unsent } = engine.status()

    if (active > 0 || unsent > 0) {
      quietSince = undefined
    } else {
      quietSince ??= timers.now()

      if (timers.now() - quietSince >= quiet) {
        return
      }
    }

    await new Promise<void>(resolve => { timers.after(POLL, resolve) })
  }
}
