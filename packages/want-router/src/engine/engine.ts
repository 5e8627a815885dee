/**
 * The engine decides; it does nothing.
 *
 * In comes what happened: wantlist messages of upstream peers, and what members
 * say: blocks, haves, lacks, failures, being up or down. Out goes what is to be
 * done: ask and cancel at members, and replies, which a peer's writer takes when
 * it can send. There are no sockets, promises, timers or clocks in here, so every
 * fault replays from the inputs that led to it.
 *
 * A want becomes a ledger entry of its peer (`ledger.ts`), and joins or begins the
 * route of its multihash (`routes.ts`). Peers take turns (`turns.ts`), also where
 * they wait for room (`backlog.ts`); a route is asked of one member at a time, in
 * the strategy's order (`asking.ts`), within windows of wants and bytes
 * (`windows.ts`), and a want-have that is slow to be answered of a second
 * (`hedging.ts`). A block settles everybody who waits (`answering.ts`); a lack, a
 * failure or a timeout (`ticking.ts`) leads to the next member.
 *
 * What can never happen:
 *
 * - A want is lost while somebody could serve it. It ends by being served, by its
 * peer (cancel, full list, leaving, losing the one connection on which it was
 * wanted), by a stated limit or by its lifetime.
 * - A DONT_HAVE leaves that a member might contradict, or a HAVE is taken back.
 * - A block goes to a peer that does not want it, or in a CID it did not use.
 * - One peer's wants cost another more than its turn, or anything outlives its peer.
 */
import { DEFAULT_LIMITS } from '../defaults.ts'
import { forgetWant, onAnswer, onBlock } from './answering.ts'
import { eject, releaseMember, wakeIdle } from './asking.ts'
import { onConnection } from './connections.ts'
import { hedgeOf } from './hedging.ts'
import { initialState } from './initial-state.ts'
import { checkInvariants } from './invariants.ts'
import { upstream } from './ledger.ts'
import { identify, memberIs, standsFor } from './loops.ts'
import { memberStatus, mayOwe } from './members.ts'
import { admissible, connected, giveTurn, isIdle } from './state.ts'
import { tapped } from './tap.ts'
import { nextSweep, stallOf, tick, timeoutOf } from './ticking.ts'
import { askAll } from './turns.ts'
import { onWants } from './wanting.ts'
import type { Engine, Input, Output } from './io.ts'
import type { EngineMember } from './members.ts'
import type { State } from './state.ts'
import type { Tap } from './tap.ts'
import type { HashFunction } from './verifiable.ts'
import type { Limits } from '../defaults.ts'
import type { StrategyFactory } from '../strategies/strategy.ts'
import type { CancelledWant, Capacity, MemberInit, TargetWant } from '../targets/target.ts'

export interface EngineInit {
  readonly members: readonly MemberInit[]
  readonly strategy: StrategyFactory
  /** Told of the first error of each of the strategy's methods: it ends nothing. Default: nobody is. */
  strategyFailed? (method: string, error: unknown): void
  /** Monotonic time, ms. */
  now (): number
  /** Seeds the random source of the strategy, which differs from worker to worker. */
  readonly randomSeed: number
  /** Derived from the public identity, so that workers and replicas agree. */
  readonly seed: number
  readonly limits?: Partial<Limits>
  /** What blocks can be verified by: a want with another hash is asked of nobody and denied. Default: all count as verifiable. */
  readonly hashes?: readonly HashFunction[]
  /** Is shown all that goes in and comes out. */
  readonly tap?: Tap
}

/**
 * Makes an engine.
 *
 * @throws {InvalidOptionError} for members without distinct ids or positive weights, or that the strategy cannot take
 */
export function createEngine (init: EngineInit): Engine {
  const limits = { ...DEFAULT_LIMITS, ...init.limits }
  // time stands still within a call, so that a history replays exactly
  let time = init.now()
  const state = initialState(init, limits, () => time)

  const handlers: { [T in Input['t']]: (input: Extract<Input, { t: T }>) => void } = {
    message ({ peer: id, wants, full, connection }) {
      let peer = state.peers.get(id)
      if (peer == null) {
        if (state.draining) {
          state.closing.set(id, 'draining')
          return
        }
        peer = upstream(id, limits, limits.expectedBlock)
        state.peers.set(id, peer)
        identify(state, id)
      }
      peer.heardAt = time
      onWants(state, peer, wants, full, connection)
    },
    connection ({ peer: id, connection, is }) {
      const peer = state.peers.get(id)
      if (peer != null) {
        onConnection(state, peer, connection, is)
      }
    },
    gone ({ peer: id }) {
      state.closing.delete(id)
      state.standIns.delete(id)
      const peer = state.peers.get(id)
      if (peer == null) {
        return
      }
      for (const want of peer.entries) {
        forgetWant(state, want)
      }
      state.unsent -= peer.replies.bytes
      state.turns.delete(peer)
      state.readyPeers.delete(peer)
      state.memberPeers.delete(peer)
      state.peers.delete(id)
    },
    'stands-for' ({ peer, of }) { standsFor(state, peer, of) },
    up ({ member: id, capacity, peer }) {
      withMember(id, member => {
        memberUp(state, member, capacity)
        if (peer != null) {
          memberIs(state, member, peer)
        }
      })
    },
    down ({ member: id, why }) { withMember(id, member => { memberDown(state, member, why) }) },
    block ({ member: id, key, bytes }) { withMember(id, member => { onBlock(state, member, key, bytes) }) },
    answer ({ member: id, key, answer, why }) { withMember(id, member => { onAnswer(state, member, key, answer, why) }) },
    load ({ member: id, pendingBytes }) { withMember(id, member => { member.pendingBytes = pendingBytes }) },
    tick () { tick(state) },
    drain () { state.draining = true }
  }

  function withMember (id: string, use: (member: EngineMember) => void): void {
    const member = state.members.get(id)
    if (member != null) {
      use(member)
    }
  }

  let dirty = false

  const engine: Engine = {
    put (input) {
      time = init.now()
      const handle: (input: never) => void = handlers[input.t]
      handle(input as never)
      dirty = true
    },

    flush (out) {
      time = init.now()
      dirty = false
      if (state.membersChanged) {
        state.membersChanged = false
        state.strategy.update(connected(state))
        out.changed?.([...state.members.values()].map(memberStatus))
      }
      askAll(state)
      emit(state, out)
    },

    take (id, maxBytes, protocol) {
      time = init.now()
      const peer = state.peers.get(id)
      if (peer == null) {
        return
      }
      const unsent = peer.replies.bytes
      const message = peer.replies.take(maxBytes, protocol)
      const taken = unsent - peer.replies.bytes
      state.unsent -= taken
      if (message != null) {
        peer.readAt = time
        state.closing.delete(id) // it was to be closed for taking nothing
      }
      dirty ||= taken > 0 && state.short
      peer.window.taken(taken, peer.replies.bytes, time)
      if (peer.queue.size > 0 && (admissible(state, peer) || isIdle(peer))) {
        giveTurn(state, peer)
        dirty = true
      }
      return message
    },

    expects (id, prefix) {
      const member = state.members.get(id)
      return member == null || member.state !== 'ejected' || mayOwe(member, prefix)
    },

    checkInvariants () { checkInvariants(state) },

    get dirty () { return dirty },

    get deadline () {
      let deadline = hedgeOf(state)
      let busy = state.routes.size > 0
      for (const member of state.members.values()) {
        deadline = Math.min(deadline, stallOf(member), timeoutOf(member))
        busy ||= member.health.ejectedUntil > 0 || member.weight < member.baseWeight
      }
      if (busy) {
        deadline = Math.min(deadline, nextSweep(state))
      }
      return deadline === Infinity ? undefined : deadline
    },

    status () {
      let wants = 0
      for (const peer of state.peers.values()) {
        wants += peer.entries.size
      }
      let active = 0
      for (const route of state.routes.values()) {
        active += route.state === 'idle' || route.state === 'resting' ? 0 : 1
      }
      return {
        draining: state.draining,
        peers: state.peers.size,
        wants,
        routes: state.routes.size,
        active,
        unsent: state.unsent,
        members: [...state.members.values()].map(memberStatus),
        totals: { ...state.totals }
      }
    },

    idleFor (id) {
      const peer = state.peers.get(id)
      if (peer == null) {
        return Infinity
      }
      if (peer.replies.size > 0) {
        return
      }
      for (const { route } of peer.entries) {
        if (route.state !== 'idle' && route.state !== 'resting') {
          return
        }
      }
      return init.now() - Math.max(peer.heardAt, peer.readAt)
    }
  }

  if (init.tap == null) {
    return engine
  }
  const members = init.members.map(({ id, weight, labels }) => ({ id, weight, labels }))
  init.tap({ at: time, t: 'start', seed: init.seed, randomSeed: init.randomSeed, members, limits, hashes: init.hashes })
  return tapped(engine, () => time, init.tap)
}

function memberUp (state: State, member: EngineMember, capacity: Partial<Capacity> = {}): void {
  member.connected = true
  member.downSince = undefined
  member.forgotten = false
  member.lastProgress = state.now()
  member.capacity = { ...member.capacity, ...capacity }
  member.window.reset()
  if (member.health.ejectedUntil === 0) {
    member.why = undefined
  }
  state.membersChanged = true
  wakeIdle(state, member)
}

function memberDown (state: State, member: EngineMember, why = 'disconnected'): void {
  if (!member.connected) {
    member.why = why
    return
  }
  member.connected = false
  releaseMember(state, member)
  member.epoch++
  member.listed.clear()
  member.downSince = state.now()
  member.why = why
  member.pendingBytes = 0
  state.outbox.delete(member)
  state.resets.delete(member)
  state.membersChanged = true
  if (member.health.lost(state.now())) {
    eject(state, member, 'loses its connection again and again')
  }
}

function emit (state: State, out: Output): void {
  for (const [member, lines] of state.outbox) {
    const asks: TargetWant[] = []
    const cancels: CancelledWant[] = []
    for (const want of lines.values()) {
      if ('type' in want) {
        asks.push(want)
      } else {
        cancels.push(want)
      }
    }
    if (cancels.length > 0) {
      out.cancel(member.id, cancels)
    }
    if (asks.length > 0) {
      out.ask(member.id, asks)
    }
  }
  state.outbox.clear()
  for (const [member, why] of state.resets) {
    out.reset(member.id, why)
  }
  state.resets.clear()
  for (const peer of state.readyPeers) {
    out.ready(peer.id)
  }
  state.readyPeers.clear()
  for (const [peer, why] of state.closing) {
    out.close(peer, why)
  }
  state.closing.clear()
}
