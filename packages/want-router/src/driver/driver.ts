import { withStallGrace } from '../stall-grace.ts'
import { platformTimers } from '../timers.ts'
import { createObserver } from './observer.ts'
import { UNVERIFIABLE, createVerifier } from './verifier.ts'
import type { Timers } from '../timers.ts'
import type { Observer } from './observer.ts'
import type { Verify } from './verifier.ts'
import type { Engine, Input, MemberStatus, Output } from '../engine/io.ts'
import type { Decision } from '../engine/tap.ts'
import type { RouterEvent } from '../events.ts'
import type { Sink, Target } from '../targets/target.ts'
import type { BitswapMessage, BitswapProtocol, Outgoing } from '@kitsune/bitswap-codec'
import type { Logger } from '@libp2p/interface'

/** What the driver needs of the side that faces upstream. */
export interface UpstreamPort {
  wake (peer: string): void
  disconnect (peer: string): void
}

export interface DriverInit {
  readonly engine: Engine
  readonly upstream: UpstreamPort
  readonly timers?: Timers
  readonly verify?: Verify
  readonly log: Logger
  /** Told what an operator should know. */
  onEvent? (event: RouterEvent): void
}

/**
 * Everything around the engine that waits: it feeds the engine what happens,
 * flushes it once at the end of each tick, so that what
 * belongs together leaves together, and owns the one timer. What a flush has
 * decided is carried out when it is over: whoever hears of it may take at once.
 */
export interface Driver {
  /** `connection`: names the one on which it came. */
  message (peer: string, message: BitswapMessage, connection?: number): void
  /** What has become of one of several connections of a peer, see {@link Input}. */
  connection (peer: string, connection: number, is: Extract<Input, { t: 'connection' }>['is']): void
  gone (peer: string): void
  /** An upstream peer says that it asks for another one. */
  standsFor (peer: string, of: string): void
  take (peer: string, maxBytes: number, protocol: BitswapProtocol): Outgoing | undefined
  /** Starts a target under a member's id. */
  start (id: string, target: Target): Promise<void>
  /**
   * Takes no new peers and resolves when nothing has been on its way for `quiet`
   * ms; peers that are being served may go on asking until then.
   */
  drain (quiet: number, signal?: AbortSignal): Promise<void>
  stop (): Promise<void>
  /** The strategy threw. */
  readonly strategyFailed: Observer['strategyFailed']
  /** Since when a member is in its state, and its last error. */
  readonly seen: Observer['seen']
}

// how often a drain looks whether all is quiet, ms
const DRAIN_POLL = 50

export function createDriver ({ engine, upstream, timers = platformTimers, verify = createVerifier(), log, onEvent }: DriverInit): Driver {
  const targets = new Map<string, Target>()
  const observed = createObserver({ members: engine.status().members, onEvent, log })
  let flushing = false
  let stopped = false
  let cancelTimer: (() => void) | undefined
  let timerAt: number | undefined
  const later = withStallGrace(timers)

  let decided: Decision[] = []
  let changed: readonly MemberStatus[] = []
  const output: Output = {
    ask (member, wants) { decided.push({ t: 'ask', member, wants }) },
    cancel (member, wants) { decided.push({ t: 'cancel', member, wants }) },
    ready (peer) { decided.push({ t: 'ready', peer }) },
    close (peer, why) { decided.push({ t: 'close', peer, why }) },
    reset (member, why) { decided.push({ t: 'reset', member, why }) },
    changed (members) { changed = members }
  }

  function carryOut (decision: Decision): void {
    switch (decision.t) {
      case 'ask':
        targets.get(decision.member)?.ask(decision.wants)
        break
      case 'cancel':
        targets.get(decision.member)?.cancel(decision.wants)
        break
      case 'ready':
        upstream.wake(decision.peer)
        break
      case 'reset':
        targets.get(decision.member)?.reset?.(decision.why)
        break
      default:
        log('closing %s: %s', decision.peer, decision.why)
        upstream.disconnect(decision.peer)
    }
  }

  function flush (): void {
    flushing = false
    if (stopped) {
      return
    }
    engine.flush(output)
    const decisions = decided
    decided = []
    for (const decision of decisions) {
      try {
        carryOut(decision)
      } catch (err) {
        // a target's fault is not to keep the others from being told
        log.error('could not %s - %e', decision.t, err)
      }
    }
    observed.changed(changed)
    changed = []
    if (engine.dirty) {
      schedule()
    }
    setTimer()
  }

  function schedule (): void {
    if (!flushing && !stopped) {
      flushing = true
      timers.endOfTick(flush)
    }
  }

  function setTimer (): void {
    const deadline = engine.deadline
    if (deadline === timerAt) {
      return
    }
    // an earlier timer is left to fire: it finds nothing to do and sets the next; one that is overdue is about to
    if (deadline != null && timerAt != null && (timerAt <= deadline || timerAt <= timers.now())) {
      return
    }
    cancelTimer?.()
    cancelTimer = undefined
    timerAt = deadline
    if (deadline != null) {
      cancelTimer = later(Math.max(1, Math.ceil(deadline - timers.now())), () => {
        timerAt = undefined
        engine.put({ t: 'tick' })
        schedule()
      })
    }
  }

  function sink (member: string): Sink {
    const put: typeof engine.put = input => {
      if (!stopped) {
        engine.put(input)
        schedule()
      }
    }
    return {
      up (capacity, peer) { put({ t: 'up', member, capacity, peer }) },
      down (why) {
        if (why != null && !stopped) {
          observed.down(member, why)
        }
        put({ t: 'down', member, why: why?.message })
      },
      load (pendingBytes) { put({ t: 'load', member, pendingBytes }) },
      answer (key, answer, why) {
        if (answer === 'failed' && !stopped) {
          observed.failed(member, why ?? new Error('failed, and did not say why'))
        }
        put({ t: 'answer', member, key, answer, why: why?.message })
      },
      block (prefix, bytes, verified) {
        const key = engine.expects(member, prefix) ? verify(prefix, bytes) : UNVERIFIABLE
        if (typeof key === 'string') {
          put({ t: 'block', member, key, bytes })
          verified?.(key)
          return
        }
        return key.then(key => {
          put({ t: 'block', member, key, bytes })
          verified?.(key)
        })
      }
    }
  }

  return {
    message (peer, { wants, full }, connection) {
      if (!stopped && (wants.length > 0 || full)) {
        engine.put({ t: 'message', peer, wants, full, connection })
        schedule()
      }
    },

    connection (peer, connection, is) {
      if (!stopped) {
        engine.put({ t: 'connection', peer, connection, is })
        schedule()
      }
    },

    gone (peer) {
      engine.put({ t: 'gone', peer })
      schedule()
    },

    standsFor (peer, of) {
      if (!stopped) {
        engine.put({ t: 'stands-for', peer, of })
        schedule()
      }
    },

    take (peer, maxBytes, protocol) {
      const message = engine.take(peer, maxBytes, protocol)
      if (engine.dirty) {
        schedule()
      }
      return message
    },

    async start (id, target) {
      targets.set(id, target)
      await target.start(sink(id))
    },

    async drain (quiet, signal) {
      engine.put({ t: 'drain' })
      observed.draining()
      schedule()
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
        await new Promise<void>(resolve => { timers.after(DRAIN_POLL, resolve) })
      }
    },

    async stop () {
      stopped = true
      cancelTimer?.()
      const results = await Promise.allSettled([...targets.values()].map(async target => { await target.stop() }))
      targets.clear()
      for (const result of results) {
        if (result.status === 'rejected') {
          log.error('a target did not stop - %e', result.reason)
        }
      }
    },

    strategyFailed: observed.strategyFailed,
    seen: observed.seen
  }
}
