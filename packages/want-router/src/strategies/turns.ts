import { bestFirst } from './best-first.ts'
import type { Member, Strategy, StrategyEnv } from './strategy.ts'

/** A member and the virtual time at which its next turn is due. */
interface Turn {
  member: Member
  deadline: number
}

// virtual time is brought back to 0 from here, so that adding 1 / weight stays exact enough
const REBASE = 2 ** 20

/**
 * The least loaded first, and where loads are equal, by turns in proportion to
 * weight: earliest deadline first, a turn costing 1 / weight (gRPC A58, Envoy).
 * With a constant load it is a smooth weighted round robin.
 *
 * The turn is charged to the member taken, which is the last one pulled. A
 * member that is passed over (ejected, full) therefore stays due and collects no
 * credit beyond that one turn, and what it misses is spread over all others
 * rather than falling to its successor.
 */
export function takingTurns (env: StrategyEnv, load: (member: Member) => number): Strategy {
  let turns: Turn[] = []
  let virtualTime = 0

  const cost = (turn: Turn): number => load(turn.member)
  const tie = (a: Turn, b: Turn): number => a.deadline - b.deadline

  function charge (turn: Turn): void {
    virtualTime = Math.max(virtualTime, turn.deadline)
    turn.deadline = virtualTime + 1 / turn.member.weight
  }

  function rebase (): void {
    for (const turn of turns) {
      turn.deadline -= virtualTime
    }
    virtualTime = 0
  }

  return {
    update (members) {
      const known = new Map(turns.map(turn => [turn.member.id, turn.deadline]))

      // a random phase, else all workers would begin with the same member
      turns = members.map(member => ({
        member,
        deadline: known.get(member.id) ?? virtualTime + env.random() / member.weight
      }))
    },

    * rank () {
      if (virtualTime > REBASE) {
        rebase()
      }

      const before = virtualTime
      let first: Turn | undefined

      for (const turn of bestFirst(turns, cost, tie)) {
        const due = turn.deadline
        first ??= turn
        charge(turn)
        yield turn.member

        // it was passed over
        turn.deadline = due
        virtualTime = before
      }

      // nobody was taken, or all were: the round counts as its first member's
      if (first != null) {
        charge(first)
      }
    }
  }
}
