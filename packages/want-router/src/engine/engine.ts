/**
 * The engine decides; it does nothing.
 *
 * Its inputs are what happened: wantlist messages of clients, blocks, HAVEs, DONT_HAVEs
 * and failures of members, and members going up or down. Its outputs are what to do: asks
 * and cancels for members, and replies, which a client's writer takes when it can send.
 * The engine has no sockets, promises, timers or clocks, so every fault can be replayed
 * from the inputs that led to it.
 *
 * A client's message (`wantlists.ts`) brings wants (`wants.ts`). Each joins or begins the
 * fetch of its multihash (its states: `fetches.ts`), with policies only once they have
 * decided (`admission.ts`). Clients are served in rounds (`scheduler.ts`); a fetch is
 * asked of one member at a time, in the strategy's order (`candidates.ts`,
 * `assignment.ts`), within windows of wants and bytes (`windows.ts`). Each ask is an
 * attempt (`attempts.ts`); a want-have that is slow to be answered gets a second one, a
 * hedge (`hedges.ts`). A block serves all waiters (`answers.ts`); a DONT_HAVE, a failure
 * or a timeout (`timeouts.ts`) leads to the next member, and at last to exhaustion
 * (`exhaustion.ts`). Members come, go, and are ejected in `member-lifecycle.ts`; they are
 * added, drained and removed in `membership.ts`.
 *
 * What can never happen:
 *
 * - A want is lost while a member could serve it. It ends by being served, by its
 * client (cancel, full list, leaving, losing the one connection on which it was
 * wanted), by a stated limit or by its lifetime; and how it ended is reported once.
 * - A DONT_HAVE is sent that a member might contradict, or a HAVE is taken back.
 * - A block goes to a client that does not want it, or under a CID that the client did not use.
 * - One client's wants delay another client by more than their rounds, or something outlives its client.
 * - A call does more than a bounded amount of work for what other clients or members have accumulated.
 */
import { checkLimits } from '../check-limits.ts'
import { DEFAULT_LIMITS } from '../defaults.ts'
import { askVerdicts, isAwaited, onVerdicts, reviewRestricted } from './admission.ts'
import { onAnswer, onBlock } from './answers.ts'
import { createClient, hasWindow, isIdle } from './clients.ts'
import { onConnection } from './connections.ts'
import { dropReplies, takeReplies } from './deliveries.ts'
import { isActive } from './fetches.ts'
import { initialState } from './initial-state.ts'
import { checkInvariants } from './invariants.ts'
import { identify, memberIs, standsFor } from './loops.ts'
import { memberDown, memberUp } from './member-lifecycle.ts'
import { mayOwe, memberStatus, updateStrategy } from './members.ts'
import { addMember, removeMember, updateMember } from './membership.ts'
import { giveRound, isHeldUpByOthers, leaveRounds } from './rounds.ts'
import { schedule } from './scheduler.ts'
import { engineStatus } from './status-report.ts'
import { endSuspended } from './suspended-wants.ts'
import { RECORDING_FORMAT, tapped } from './tap.ts'
import { nextDeadline, tick } from './timeouts.ts'
import { endWant } from './want-ends.ts'
import { onWants } from './wantlists.ts'
import type { EngineInit } from './engine-init.ts'
import type { Engine, Input, Output } from './io.ts'
import type { Client, EngineMember } from './model.ts'
import type { Taken } from './replies.ts'
import type { State } from './state.ts'
import type { BitswapProtocol } from '@kitsune/bitswap-codec'

/**
 * Makes an engine.
 *
 * @throws {InvalidOptionError} for limits that are invalid, and for members without distinct ids or positive weights, or that the strategy cannot take
 */
export function createEngine (init: EngineInit): Engine {
  const limits = { ...DEFAULT_LIMITS, ...checkLimits('limits.', init.limits) }
  // time stands still within a call, so that a recording replays exactly
  let time = init.now()
  const state = initialState(init, limits, () => time)
  const handlers = createHandlers(state)

  const engine: Engine = {
    put (input) {
      time = init.now()
      const handle: (input: never) => void = handlers[input.t]
      handle(input as never)
      state.dirty = true
    },

    flush (out) {
      time = init.now()
      state.dirty = false
      flush(state, out)
    },

    take (id, maxBytes, protocol) {
      time = init.now()
      const client = state.clients.get(id)

      return client == null ? undefined : take(state, client, maxBytes, protocol)
    },

    expects (id, prefix) {
      const member = state.members.get(id)

      return member != null && (member.state !== 'ejected' || mayOwe(member, prefix))
    },

    isWanted: key => state.fetches.all.has(key) || state.fetches.strict.has(key),
    awaits: (id, ask) => isAwaited(state, id, ask),

    watchAttempts (listener) { state.attemptListeners.push(listener) },
    checkInvariants () { checkInvariants(state) },

    get dirty () { return state.dirty || state.scheduler.unfinished },

    get deadline () {
      const deadline = nextDeadline(state)

      return deadline === Infinity ? undefined : deadline
    },

    status: () => engineStatus(state),
    get unsent () { return state.unsent },
    get anyUp () { return state.memberCounts.healthy > 0 },

    member (id) {
      const member = state.members.get(id)

      return member == null ? undefined : memberStatus(member)
    },

    idleFor (id) {
      const client = state.clients.get(id)

      return client == null ? Infinity : idleFor(client, init.now())
    }
  }

  if (init.tap == null) {
    return engine
  }

  const members = init.members.map(({ id, weight, labels }) => ({ id, weight, labels }))
  init.tap({ at: time, t: 'start', format: RECORDING_FORMAT, seed: init.seed, randomSeed: init.randomSeed, members, limits, hashes: init.hashes, admission: init.admission })

  return tapped(engine, () => time, init.tap)
}

type Handlers = { [T in Input['t']]: (input: Extract<Input, { t: T }>) => void }

/** What each input does to the state. */
function createHandlers (state: State): Handlers {
  function withMember (id: string, use: (member: EngineMember) => void): void {
    const member = state.members.get(id)

    if (member != null) {
      use(member)
    }
  }

  return {
    message ({ client: id, wants, full, connection }) {
      const client = state.clients.get(id) ?? join(state, id)

      if (client != null) {
        client.heardAt = state.now()
        onWants(state, client, wants, full, connection)
      }
    },
    connection ({ client: id, connection, is }) {
      const client = state.clients.get(id)

      if (client != null) {
        onConnection(state, client, connection, is)
      }
    },
    gone ({ client: id }) {
      state.outbox.closing.delete(id)
      state.standIns.delete(id)
      const client = state.clients.get(id)

      if (client != null) {
        leave(state, client)
      }
    },
    'stands-for' ({ client, of }) { standsFor(state, client, of) },
    add ({ member: id, weight, labels }) { addMember(state, { id, weight, labels }) },
    remove ({ member: id }) { withMember(id, member => { removeMember(state, member) }) },
    update ({ member: id, ...change }) { withMember(id, member => { updateMember(state, member, change) }) },
    up ({ member: id, capacity, peer }) {
      withMember(id, member => {
        memberUp(state, member, capacity)

        if (peer != null) {
          memberIs(state, member, peer)
        }
      })
    },
    down ({ member: id, why }) { withMember(id, member => { memberDown(state, member, why) }) },
    block ({ member: id, key, bytes }) {
      // without a closure: no other input comes as often
      const member = state.members.get(id)

      if (member != null) {
        onBlock(state, member, key, bytes)
      }
    },
    answer ({ member: id, key, answer, why, size }) { withMember(id, member => { onAnswer(state, member, key, answer, why, size) }) },
    load ({ member: id, pendingBytes }) { withMember(id, member => { member.pendingBytes = pendingBytes }) },
    verdicts ({ client: id, verdicts }) {
      const client = state.clients.get(id)

      if (client != null) {
        onVerdicts(state, client, verdicts)
      }
    },
    review () { reviewRestricted(state) },
    tick () { tick(state) },
    drain () { state.draining = true }
  }
}

/** Adds a new client; undefined: a draining engine turns it away. */
function join (state: State, id: string): Client | undefined {
  if (state.draining) {
    state.outbox.closing.set(id, { why: 'draining', unread: false })

    return
  }

  const client = createClient(id, state.limits)
  state.clients.set(id, client)
  identify(state, id)

  return client
}

/** Removes a client that is gone, with everything that it caused. */
function leave (state: State, client: Client): void {
  for (const want of client.wants) {
    endWant(state, want, 'gone')
  }

  for (const id of client.suspended.keys()) {
    endSuspended(state, client, id, 'gone')
  }

  dropReplies(state, client)
  leaveRounds(state, client)
  state.scheduler.needMemoryForTakeover.delete(client)
  state.askingAgain.delete(client)
  state.clientTimers.remove(client)
  state.memberClients.delete(client)
  state.clients.delete(client.id)
}

/** A client takes its next message; the next flush may continue what its unsent replies held up. */
function take (state: State, client: Client, maxBytes: number, protocol: BitswapProtocol): Taken | undefined {
  const { scheduler, outbox } = state
  const message = takeReplies(state, client, maxBytes, protocol)

  if (message != null && outbox.closing.get(client.id)?.unread === true) {
    outbox.closing.delete(client.id)
  }

  if ((client.queue.size > 0 || client.passedOverBy != null) && (hasWindow(state, client) || isIdle(client))) {
    giveRound(state, client)
    state.dirty = true
  }

  state.dirty ||= scheduler.memoryFreed && isHeldUpByOthers(scheduler)

  return message
}

function flush (state: State, out: Output): void {
  if (state.membersChanged) {
    state.membersChanged = false
    updateStrategy(state)
    out.changed?.(Array.from(state.members.values(), memberStatus))
  }

  schedule(state)
  state.flushes++

  if (state.ends.length > 0) {
    const { ends } = state
    state.ends = []
    out.ended?.(ends)
  }

  state.outbox.empty(out)

  for (const member of state.emptying) {
    if (member.load.wants === 0) {
      state.emptying.delete(member)
      out.drained?.(member.id)
    }
  }

  if (state.parked.asks.size > 0) {
    askVerdicts(state, out)
  }
}

/** For how long a client has had nothing to wait for, ms; undefined: it waits for something. */
function idleFor ({ replies, wants, heardAt, readAt }: Client, now: number): number | undefined {
  if (replies.size > 0) {
    return
  }

  for (const { fetch } of wants) {
    if (isActive(fetch)) {
      return
    }
  }

  return now - Math.max(heardAt, readAt)
}
