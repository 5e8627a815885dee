import { DEFAULT_LIMITS } from '@kitsune/want-router'
import { createEngine } from '@kitsune/want-router/engine'
import { broken } from './laws.ts'
import { memberLaws } from './member-laws.ts'
import { peerLaws } from './peer-laws.ts'
import type { MemberLaws } from './member-laws.ts'
import type { Gains, PeerLaws } from './peer-laws.ts'
import type { Trace } from './trace.ts'
import type { StrategyFactory } from '@kitsune/want-router'
import type { Engine, EngineInit, EngineStatus, Input, Output } from '@kitsune/want-router/engine'

/** An engine, and the laws that it is held to. */
export interface Watched {
  readonly engine: Engine
  readonly members: MemberLaws
  readonly peers: PeerLaws
}

// a tick may find that what it did to one member has made another's attempt overdue
const OVERDUE_TICKS = 3
// a flush without an input since the last one: driver and engine may each have had a reason
const IDLE_FLUSHES = 1

/**
 * Makes an engine whose inputs and outputs are looked at, one after another, and
 * that throws as soon as a law is broken. What it is held to comes from them
 * and from `status()`: nothing here shares a line with the engine.
 */
export function watchEngine (init: EngineInit, trace: Trace, sound = true): Watched {
  const { now } = init
  const limits = { ...DEFAULT_LIMITS, ...init.limits }
  const members = memberLaws(init.members.map(({ id }) => id), limits, now)
  const peers = peerLaws(limits, members, now)
  let failure: Error | undefined
  const engine = createEngine({
    ...init,
    strategy: observed(init.strategy, members),
    strategyFailed (_, error) { failure ??= error instanceof Error ? error : new Error(String(error)) }
  })
  let totals = engine.status().totals
  let idleFlushes = 0
  let tickedAt: number | undefined
  let overdueTicks = 0

  /** What the totals gained since last time. */
  function gained (status: EngineStatus): Gains {
    const before = totals
    totals = status.totals
    return {
      evicted: totals.evicted - before.evicted,
      blocksSent: totals.blocksSent - before.blocksSent,
      copiesLost: totals.copiesLost - before.copiesLost,
      dontHavesSent: totals.dontHavesSent - before.dontHavesSent
    }
  }

  function look (input: Input, delta: Gains): void {
    switch (input.t) {
      case 'message':
        peers.message(input.client, input.wants, input.full, delta)
        break
      case 'gone':
        peers.gone(input.client)
        break
      case 'block':
        peers.block(input.key, input.bytes.byteLength, delta)
        break
      case 'drain':
        peers.drain()
        break
      case 'tick':
        peers.ticked()
        break
      default:
    }
    if (delta.dontHavesSent > 0) {
      peers.denied(delta.dontHavesSent)
    }
  }

  /** After all laws about what it does: those say more. */
  function expectSound (): void {
    if (!sound) {
      return
    }
    try {
      engine.checkInvariants()
    } catch (err) {
      broken('state', err instanceof Error ? err.message : String(err))
    }
  }

  /** The engine lives on after an error of its strategy; a history does not. */
  function expectNoFailure (): void {
    if (failure != null) {
      throw failure
    }
  }

  const watched: Engine = {
    put (input) {
      trace.input(input)
      members.input(input)
      engine.put(input)
      expectNoFailure()
      idleFlushes = 0
      // what is learnt after a tick may make a deadline earlier than that
      tickedAt = input.t === 'tick' ? now() : undefined
      look(input, gained(engine.status()))
      expectSound()
    },

    flush (out) {
      if (++idleFlushes > IDLE_FLUSHES + 1) {
        broken('flushes', `flushed ${idleFlushes} times since the last input`)
      }
      engine.flush(looking(out))
      expectNoFailure()
      const status = engine.status()
      const { dontHavesSent } = gained(status)
      if (dontHavesSent > 0) {
        peers.denied(dontHavesSent)
      }
      members.flushed(status)
      peers.flushed()
      peers.status(status)
      const { deadline } = engine
      const overdue = tickedAt === now() && deadline != null && !(deadline > now())
      overdueTicks = overdue ? overdueTicks + 1 : 0
      if (overdueTicks > OVERDUE_TICKS) {
        broken('deadline', `ticked at ${now()} ms, and wants to be woken at ${deadline} ms`)
      }
      expectSound()
    },

    take (peer, maxBytes, protocol) {
      const message = engine.take(peer, maxBytes, protocol)
      idleFlushes = 0
      trace.taken(peer, message)
      peers.take(peer, message)
      expectSound()
      return message
    },

    expects: (member, prefix) => engine.expects(member, prefix),
    get dirty () { return engine.dirty },
    get deadline () { return engine.deadline },
    status: () => engine.status(),
    idleFor: peer => engine.idleFor(peer),
    checkInvariants () { engine.checkInvariants() }
  }

  function looking (out: Output): Output {
    return {
      ask (member, wants) {
        trace.asked(member, wants)
        members.ask(member, wants)
        out.ask(member, wants)
      },
      cancel (member, wants) {
        trace.cancelled(member, wants)
        members.cancel(member, wants)
        out.cancel(member, wants)
      },
      ready (peer) { out.ready(peer) },
      close (peer, why) {
        trace.act(() => `${peer} is closed: ${why}`)
        peers.closed(peer)
        out.close(peer, why)
      },
      reset (member, why) {
        trace.act(() => `${member} is to begin anew: it ${why}`)
        out.reset(member, why)
      }
    }
  }

  return { engine: watched, members, peers }
}

function observed (factory: StrategyFactory, members: MemberLaws): StrategyFactory {
  return env => {
    const strategy = factory(env)
    return {
      update (members) { strategy.update(members) },
      rank: want => strategy.rank(want),
      avoids: strategy.avoids == null ? undefined : id => strategy.avoids?.(id) === true,
      observe (outcome) {
        members.observe(outcome)
        strategy.observe?.(outcome)
      }
    }
  }
}
