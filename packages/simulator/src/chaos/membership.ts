import { hashString } from '@kitsune/want-router/engine'
import { seededRandom } from '@kitsune/want-router/testing'
import { HostileMember } from './actors/hostile-member.ts'
import { createDice } from './scenario/dice.ts'
import { drawChanges, drawMember } from './scenario/scenario.ts'
import type { MembershipAct } from './scenario/acts.ts'
import type { Dice } from './scenario/dice.ts'
import type { MemberDraw, Scenario } from './scenario/scenario.ts'
import type { Stage } from './stage.ts'
import type { World, WorldMember } from '../world/world.ts'

const MOST_MEMBERS = 7

/** What a run's membership needs from the observer of the engine. */
export interface MembersObserver {
  /** Whether the engine has reported that nothing is open any more at a draining member. */
  isDrained (member: string): boolean
  /** A removed member reports something, which must change nothing. */
  expectIgnored (member: string, say: () => void): void
}

/**
 * The members of a hostile run, which join and leave while it goes on. It draws from its
 * own stream.
 */
export class Membership {
  readonly all: HostileMember[] = []
  readonly changes: Readonly<Record<MembershipAct, number>>
  readonly acts: Readonly<Record<MembershipAct, () => void>>
  readonly #stage: Stage
  readonly #scenario: Scenario
  readonly #dice: Dice
  readonly #world: () => World
  readonly #observer: () => MembersObserver
  readonly #draining = new Set<HostileMember>()
  /** Members to remove when nothing is open at them. */
  readonly #departing = new Set<HostileMember>()
  /** Names of members that were removed. */
  readonly #left = new Set<string>()
  #joined = 0

  /** The world and the observer are asked for when there are any. */
  constructor (stage: Stage, scenario: Scenario, { world, observer }: { world (): World, observer (): MembersObserver }) {
    this.#stage = stage
    this.#world = world
    this.#observer = observer
    this.#scenario = scenario
    this.#dice = createDice(seededRandom(hashString('membership', stage.seed)))
    this.changes = drawChanges(this.#dice)
    this.acts = {
      join: () => { this.#join() },
      remove: () => { this.#withOne(this.all, member => { this.#remove(member) }) },
      depart: () => {
        this.#withOne(this.#staying, member => {
          this.#departing.add(member)
          this.#drain(member)
        })
      },
      drainMember: () => { this.#withOne(this.#staying, member => { this.#drain(member) }) },
      resumeMember: () => { this.#withOne([...this.#draining].filter(member => !this.#departing.has(member)), member => { this.#resume(member) }) },
      reweigh: () => { this.#withOne(this.all, member => { this.#reweigh(member) }) }
    }
  }

  /** A member of the world, for a draw. */
  create (draw: MemberDraw): WorldMember {
    return {
      ...draw,
      create: env => {
        const { trace } = this.#stage
        const member = new HostileMember(draw, this.#scenario, env, { trace, ignored: say => { this.#observer().expectIgnored(draw.id, say) } })
        this.all.push(member)

        return member
      }
    }
  }

  get #staying (): HostileMember[] { return this.all.filter(member => !this.#departing.has(member)) }

  /** Removes members that have drained. */
  step (): void {
    for (const member of this.#departing) {
      if (this.#observer().isDrained(member.id)) {
        this.#remove(member)
      }
    }
  }

  /** The faults end: members that are to be removed are, and some that drain stay so. */
  heal (): void {
    for (const member of this.#departing) {
      this.#remove(member)
    }

    for (const member of this.#draining) {
      if (this.#dice.chance(0.7)) {
        this.#resume(member)
      }
    }
  }

  /** Members that can be asked. */
  get asked (): HostileMember[] {
    return this.all.filter(member => member.connected && !this.#draining.has(member))
  }

  get draining (): boolean { return this.#draining.size > 0 }

  #join (): void {
    if (this.all.length >= MOST_MEMBERS) {
      return
    }

    const { chance, pick } = this.#dice
    const id = this.#left.size > 0 && chance(0.7) ? pick([...this.#left]) : `j${this.#joined}`
    const draw = drawMember(this.#dice, id, this.#scenario.blocks)
    this.#left.delete(id)
    this.#world().add(this.create({ ...draw, stream: `${id} ${this.#joined++}` }))
    const member = this.all[this.all.length - 1]
    member.changeFaults()

    if (chance(0.8)) {
      member.up()
    }
  }

  #remove (member: HostileMember): void {
    this.all.splice(this.all.indexOf(member), 1)
    this.#draining.delete(member)
    this.#departing.delete(member)
    this.#left.add(member.id)
    // the monitor throws its errors again at its next call, since nothing here awaits promises
    this.#world().driver.remove(member.id).catch(() => {})
  }

  #drain (member: HostileMember): void {
    this.#draining.add(member)
    this.#world().driver.update(member.id, { draining: true })
  }

  #resume (member: HostileMember): void {
    this.#draining.delete(member)
    this.#world().driver.update(member.id, { draining: false })
  }

  #reweigh ({ id }: HostileMember): void {
    const { chance, int, pick } = this.#dice
    this.#world().driver.update(id, {
      weight: pick([0.5, 1, 3]),
      ...(chance(0.5) ? { labels: { tier: String(int(0, 1)), zone: String(int(0, 1)) } } : {})
    })
  }

  #withOne (members: readonly HostileMember[], act: (member: HostileMember) => void): void {
    if (members.length > 0) {
      act(this.#dice.pick(members))
    }
  }
}
