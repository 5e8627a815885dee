import { HONEST_LATENCY } from './actors/hostile-member.ts'
import { blocksAtOnce, quietBound, recoveryBound, SWEEP } from './bounds.ts'
import { broken } from './errors.ts'
import { isVerifiable, printCid } from './scenario/blocks.ts'
import type { HostileClient } from './actors/hostile-client.ts'
import type { HostileMember } from './actors/hostile-member.ts'
import type { Invariant } from './invariants.ts'
import type { Membership } from './membership.ts'
import type { ObservedWant } from './observer/observed-client.ts'
import type { Stage } from './stage.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** Something that a peer still waits for, and the longest wait that the limits explain, ms. */
export interface Missing { readonly invariant: Invariant, readonly what: string, readonly bound: number }

interface Late { readonly invariant: Invariant, readonly want: ObservedWant, readonly what: string }

/** How often to check whether everything is answered, ms. */
export const LOOK = 250

/** Lets time pass until nothing is missing, which must not take longer than the limits explain. */
export function awaitRecovery (stage: Stage, missing: () => Missing | undefined): void {
  const { clock } = stage
  const since = clock.now()

  for (;;) {
    clock.pass(LOOK)
    const next = missing()

    if (next == null) {
      return
    }

    expectInTime(stage, next, clock.now() - since)
  }
}

/** What is still missing `took` ms after the last fault must not be late. */
export function expectInTime (stage: Pick<Stage, 'recoveredIn' | 'recoveryShare'>, { invariant, what, bound }: Missing, took: number): void {
  stage.recoveredIn = took
  stage.recoveryShare = Math.max(stage.recoveryShare, took / (LOOK + bound))

  if (took > LOOK + bound) {
    broken(invariant, `${what}, ${took} ms after the last fault: its limits explain ${Math.round(LOOK + bound)} ms`)
  }
}

/** Lets time pass until every want has what it can get. */
export function awaitAnswers (stage: Stage, { asked: connected, draining }: Pick<Membership, 'asked' | 'draining'>, clients: readonly HostileClient[], verifying: number): void {
  const recovery = new Recovery(stage, connected, draining, clients)
  const bounds = boundsOf(stage, connected, verifying)

  awaitRecovery(stage, () => {
    const late = recovery.latest()

    return late == null ? undefined : { ...late, bound: bounds(late.want.key) }
  })
}

/** How long each block may take in the present state. */
function boundsOf ({ clock, monitor }: Stage, connected: readonly HostileMember[], verifying: number): (key: WantKey) => number {
  const now = clock.now()
  const latency = new Map(monitor.status().members.map(({ id, latency }) => [id, latency ?? 0]))
  // some of them may have been served, which is not known for certain before all is taken
  const wants = [...monitor.wants.byKey()]
  const all = wants.reduce((sum, [, waiting]) => sum + waiting.size, 0)
  const asked = new Set(wants.flatMap(([key]) => monitor.members.wasAskedOf(key) ? [key] : []))
  const largest = Math.max(monitor.limits.expectedBlock, ...connected.map(({ largest }) => largest))
  const recovery = {
    limits: monitor.limits,
    wants: all,
    fetches: all,
    answer: HONEST_LATENCY + verifying,
    members: connected.map(({ id, supportsDontHave }) => {
      const { capacity, open, since } = monitor.members.find(id)
      const oldest = Math.min(...[...open.keys()].map(key => since.get(key) ?? now))

      return { wants: verifying > 0 ? 1 : blocksAtOnce(monitor.limits, capacity, largest), supportsDontHave, latency: latency.get(id) ?? 0, owes: open.size > 0 ? now - oldest : undefined }
    }),
    down: monitor.members.downFor() + (monitor.members.downFor() > 0 ? SWEEP : 0)
  }

  return key => recoveryBound(recovery, asked.has(key))
}

/** Answers that still have to come. */
class Recovery {
  readonly #stage: Stage
  /** Members that can be asked. */
  readonly #connected: readonly HostileMember[]
  /** Whether some member drains: then no DONT_HAVE is sent. */
  readonly #draining: boolean
  /** Clients that can be told. */
  readonly #told: ReadonlySet<string>

  constructor (stage: Stage, connected: readonly HostileMember[], draining: boolean, clients: readonly HostileClient[]) {
    this.#stage = stage
    this.#draining = draining
    this.#connected = connected
    this.#told = new Set(clients.filter(({ presences }) => presences).map(({ id }) => id))
  }

  /** The most urgent. */
  latest (): Late | undefined {
    let late: Late | undefined

    for (const want of this.#stage.monitor.wants.live()) {
      const next = this.#missing(want)

      if (next?.invariant === 'lost') {
        return next
      }

      late ??= next
    }

    return late
  }

  /** The answer that a want waits for although it could have been given. */
  #missing (want: ObservedWant): Late | undefined {
    const { client, key, type } = want
    const waits = !want.answered && this.#told.has(client.id)
    const holders = this.#connected.filter(member => member.holds(key) && !this.#stage.monitor.wants.maybeOnlyWantedBy(key, member.id))

    if (holders.length > 0) {
      return type === 'block' || waits
        ? { invariant: 'lost', want, what: `${client.id} still waits for ${type} ${printCid(want.cid)}, which ${holders.map(({ id }) => id).join(', ')} would serve` }
        : undefined
    }

    if (waits && want.havesTaken === 0 && !want.maybeTold && want.alwaysDontHave && this.#mayGetDontHave(want)) {
      return { invariant: 'dont-have', want, what: `${client.id} still waits for DONT_HAVE ${printCid(want.cid)}, which no member has` }
    }
  }

  #mayGetDontHave ({ key, client }: ObservedWant): boolean {
    return !isVerifiable(key) || (!this.#draining && this.#connected.length > 0 && this.#connected.every(({ id, supportsDontHave }) => supportsDontHave || id === client.member))
  }
}

/** All clients have left: nothing may remain, and the engine may wait for nothing. */
export function expectNothing ({ clock, monitor }: { readonly clock: Stage['clock'], readonly monitor: Pick<Stage['monitor'], 'status' | 'limits' | 'deadline'> }): void {
  clock.pass(10)
  const { clients, wants, parked, fetches, active, unsent, members } = monitor.status()

  if (clients + wants + parked + fetches + active + unsent > 0) {
    broken('gone', `all clients have left, and there are ${clients} clients, ${wants} wants, ${parked} parked ones, ${fetches} fetches (${active} active), ${unsent} bytes unsent`)
  }

  for (const { id, load } of members) {
    if (load.wants !== 0 || load.bytes !== 0) {
      broken('gone', `all clients have left, and ${id} has ${load.wants} wants and ${load.bytes} bytes open`)
    }
  }

  const bound = quietBound(monitor.limits)
  clock.pass(bound)

  if (monitor.deadline != null) {
    broken('deadline', `no client is left, and ${bound} ms after the last has left the engine wants to be woken at ${monitor.deadline} ms (it is ${clock.now()} ms)`)
  }
}
