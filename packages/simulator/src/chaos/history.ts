import { hashString } from '@kitsune/want-router/engine'
import { fakeClock, seededRandom } from '@kitsune/want-router/testing'
import { createWorld } from '../world/world.ts'
import { printCid } from './blocks.ts'
import { dice } from './dice.ts'
import { LawBrokenError } from './errors.ts'
import { hostileMember } from './hostile-member.ts'
import { hostilePeer } from './hostile-peer.ts'
import { broken } from './laws.ts'
import { drawScenario, strategyOf } from './scenario.ts'
import { traced, untraced } from './trace.ts'
import { watchEngine } from './watch.ts'
import type { HostileMember } from './hostile-member.ts'
import type { Law } from './laws.ts'
import type { SeenWant } from './peer-laws.ts'
import type { WorldAct } from './scenario.ts'
import type { Watched } from './watch.ts'
import type { MemberStatus } from '@kitsune/want-router'
import type { Totals } from '@kitsune/want-router/engine'

/** What became of a history. */
export interface HistoryResult {
  readonly seed: number
  readonly steps: number
  /** Simulated time, ms. */
  readonly ms: number
  /** From the end of all faults until every want was served, simulated ms. */
  readonly healedIn: number
  readonly totals: Totals
  readonly members: readonly MemberStatus[]
  readonly broken?: { readonly law: Law, readonly message: string, readonly step: number }
}

export interface HistoryOptions {
  /** Receives a line for each thing that happens. */
  trace? (line: string): void
}

/** In so much simulated time after the last fault every want that can be served is served, ms. */
export const HEALS_WITHIN = 120_000
// and after the last peer has left, no ejection lasts longer than this with the limits of a scenario
const ENDS_WITHIN = 700_000

/** Runs the history of a seed until its end or until a law is broken. */
export function runHistory (seed: number, { trace: say }: HistoryOptions = {}): HistoryResult {
  const random = seededRandom(hashString(`scenario ${seed}`, seed))
  const scenario = drawScenario(random)
  const { chance, int, pick, weighted } = dice(random)
  const clock = fakeClock(int(0, 1) * 1000)
  const trace = say == null ? untraced : traced(clock.now, say)
  trace.act(() => `scenario ${JSON.stringify({ ...scenario, blocks: scenario.blocks.map(({ n, size }) => [n, size]), members: scenario.members.map(member => ({ ...member, holds: [...member.holds] })) })}`)

  const members: HostileMember[] = []
  let watched: Watched | undefined
  let step = 0
  let healedIn = 0
  let failure: LawBrokenError | undefined

  const world = createWorld({
    seed,
    clock,
    strategy: strategyOf(scenario),
    limits: scenario.limits,
    members: scenario.members.map(member => ({
      ...member,
      create (env) {
        const hostile = hostileMember(member, scenario, env, trace)
        members.push(hostile)
        return hostile.target
      }
    })),
    engine (init) {
      watched = watchEngine(init, trace)
      return watched.engine
    }
  })
  const peers = scenario.peers.map(id => hostilePeer(id, scenario, world, trace))

  const acts: Record<WorldAct, () => void> = {
    down () {
      const member = pick(members)
      if (member.connected) {
        member.down()
      }
    },
    up () {
      const member = pick(members)
      if (!member.connected) {
        member.up(chance(0.5) ? drawCapacity() : undefined)
      }
    },
    capacity () {
      const member = pick(members)
      if (member.connected) {
        const { wants, bytes } = drawCapacity()
        member.up({ wants, bytes })
      }
    },
    mood () { pick(members).changeMood() },
    gain () { pick(members).gain(pick(scenario.blocks)) },
    lose () { pick(members).lose(pick(scenario.blocks)) },
    unasked () {
      const member = pick(members)
      for (let n = pick([1, 3, 20]); n > 0 && member.connected; n--) {
        member.babble()
      }
    },
    load () { pick(members).load(int(0, 1 << 20)) },
    drain () {
      // ends at once, having told the engine
      world.driver.drain(0, AbortSignal.abort()).catch(() => {})
    },
    jump () {
      const ms = pick([100, 5000, 60_000])
      trace.act(() => `the clock jumps ${ms} ms ahead`)
      clock.jump(clock.now() + ms)
    },
    pass () { clock.pass(pick([0, 1, int(0, 50), int(0, 50), int(0, 500), int(0, 5000), int(0, 40_000)])) }
  }

  function drawCapacity (): { wants: number, bytes: number, listed: number, denies: boolean } {
    return { wants: int(1, 8), bytes: int(2, 64) * 1024, listed: pick([0, 0, 1, 4, 384]), denies: chance(0.8) }
  }

  /** Wants that somebody truthful could have served by now. */
  function * owed ({ peers: peerLaws }: Watched): Iterable<SeenWant> {
    for (const want of peerLaws.live()) {
      const held = members.some(member => member.truthful && member.holds(want.key))
      if (held && (want.type === 'block' || (want.promises === 0 && !want.maybePromised))) {
        yield want
      }
    }
  }

  function heal (watched: Watched): void {
    trace.act(() => 'all faults end')
    const since = clock.now()
    const comeBack = chance(0.6)
    for (const member of members) {
      if (!member.connected && comeBack) {
        member.up()
      }
      member.heal()
    }
    for (const peer of peers) {
      peer.heal()
    }
    for (;;) {
      clock.pass(250)
      const [want] = owed(watched)
      if (want == null) {
        healedIn = clock.now() - since
        return
      }
      if (clock.now() - since > HEALS_WITHIN) {
        const holders = members.filter(member => member.truthful && member.holds(want.key)).map(({ id }) => id)
        broken('lost', `${want.peer.id} still waits for ${want.type} ${printCid(want.cid)} that ${holders.join(', ')} would serve, ${HEALS_WITHIN} ms after the last fault`)
      }
    }
  }

  function endAll ({ engine }: Watched): void {
    trace.act(() => 'all peers leave')
    for (const peer of peers) {
      peer.leave()
    }
    clock.pass(10)
    const { peers: left, wants, routes, active, unsent, members: statuses } = engine.status()
    if (left + wants + routes + active + unsent > 0) {
      broken('gone', `all peers have left, and there are ${left} peers, ${wants} wants, ${routes} routes (${active} active), ${unsent} bytes unsent`)
    }
    for (const { id, load } of statuses) {
      if (load.wants !== 0 || load.bytes !== 0) {
        broken('gone', `all peers have left, and ${id} has ${load.wants} wants and ${load.bytes} bytes open`)
      }
    }
    clock.pass(ENDS_WITHIN)
    if (engine.deadline != null) {
      broken('deadline', `nobody is there and nothing is to be done, and the engine wants to be woken at ${engine.deadline} ms (it is ${clock.now()} ms)`)
    }
  }

  if (watched == null) {
    throw new Error('a world makes its engine')
  }

  try {
    for (const member of members) {
      if (chance(0.8)) {
        member.up(chance(0.4) ? drawCapacity() : undefined)
      }
      member.changeMood()
    }
    for (; step < scenario.steps; step++) {
      if (chance(0.6)) {
        pick(peers).act(weighted(scenario.peerActs))
      } else {
        const act = weighted(scenario.worldActs)
        acts[act]()
      }
      if (chance(0.7)) {
        clock.pass(pick([0, 1, int(0, 60)]))
      }
    }
    heal(watched)
    endAll(watched)
  } catch (err) {
    failure = err instanceof LawBrokenError ? err : new LawBrokenError('crash', err instanceof Error ? err.stack ?? err.message : String(err))
  }

  const { totals, members: statuses } = watched.engine.status()
  return {
    seed,
    steps: step,
    ms: clock.now(),
    healedIn,
    totals,
    members: statuses,
    broken: failure == null ? undefined : { law: failure.law, message: failure.message, step }
  }
}
