import { printCid } from './blocks.ts'
import { broken } from './laws.ts'
import type { Stage } from './history.ts'
import type { HostileMember } from './hostile-member.ts'
import type { HostilePeer } from './hostile-peer.ts'
import type { Law } from './laws.ts'
import type { SeenWant } from './seen-wants.ts'

/**
 * In so much simulated time after the last fault everything is answered that can be, ms. Members may have
 * gone down just before, and count for a minute where something is to be denied; who failed is asked again
 * after two rests of 30 s; one that forgot a want keeps it for four times what it takes on average.
 */
const ANSWERS_WITHIN = 120_000
// where a member cannot deny, each want that it lacks may hold a place there for 10 s, and it may have but one
const GUESSES_WITHIN = 600_000
// and after the last peer has left, no ejection lasts longer than this with the limits of a scenario, ms
const ENDS_WITHIN = 700_000

interface Late { readonly law: Law, readonly what: string }

/** Time passes until every want is answered as it can be; that must not take long. */
export function awaitAnswers ({ clock, watched }: Stage, members: readonly HostileMember[], peers: readonly HostilePeer[]): number {
  const since = clock.now()
  const connected = members.filter(({ connected }) => connected)
  const told = new Set(peers.filter(({ presences }) => presences).map(({ id }) => id))
  const holders = ({ key }: SeenWant): HostileMember[] => connected.filter(member => member.holds(key))

  /** What a want waits for although it could have been answered. */
  function missing (want: SeenWant): Late | undefined {
    const waits = !want.answered && told.has(want.peer.id)
    const held = holders(want)
    if (held.length > 0) {
      if (want.type === 'block' || waits) {
        return { law: 'lost', what: `${want.peer.id} still waits for ${want.type} ${printCid(want.cid)}, which ${held.map(({ id }) => id).join(', ')} would serve` }
      }
    } else if (waits && want.promises === 0 && !want.maybeTold && want.alwaysDontHave && connected.length > 0 && connected.every(({ supportsDontHave }) => supportsDontHave)) {
      return { law: 'denial', what: `${want.peer.id} still waits for DONT_HAVE ${printCid(want.cid)}, which nobody has` }
    }
  }

  /** The most urgent. */
  function latest (): Late | undefined {
    let late: Late | undefined
    for (const want of watched.peers.live()) {
      const next = missing(want)
      if (next?.law === 'lost') {
        return next
      }
      late ??= next
    }
    return late
  }

  for (;;) {
    clock.pass(250)
    const late = latest()
    const took = clock.now() - since
    if (late == null) {
      return took
    }
    if (took > (connected.every(({ supportsDontHave }) => supportsDontHave) ? ANSWERS_WITHIN : GUESSES_WITHIN)) {
      broken(late.law, `${late.what}, ${took} ms after the last fault`)
    }
  }
}

/** Everybody has left: nothing may remain, and nothing may be waited for. */
export function expectNothing ({ clock, watched: { engine } }: Stage): void {
  clock.pass(10)
  const { clients: peers, wants, fetches: routes, active, unsent, members } = engine.status()
  if (peers + wants + routes + active + unsent > 0) {
    broken('gone', `all peers have left, and there are ${peers} peers, ${wants} wants, ${routes} routes (${active} active), ${unsent} bytes unsent`)
  }
  for (const { id, load } of members) {
    if (load.wants !== 0 || load.bytes !== 0) {
      broken('gone', `all peers have left, and ${id} has ${load.wants} wants and ${load.bytes} bytes open`)
    }
  }
  clock.pass(ENDS_WITHIN)
  if (engine.deadline != null) {
    broken('deadline', `nobody is there and nothing is to be done, and the engine wants to be woken at ${engine.deadline} ms (it is ${clock.now()} ms)`)
  }
}
