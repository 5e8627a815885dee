import { DEFAULT_LIMITS } from '@kitsune/want-router'
import { hashString } from '@kitsune/want-router/engine'
import { seededRandom } from '@kitsune/want-router/testing'
import { createWorld } from '../world/world.ts'
import { HostileClient } from './actors/hostile-client.ts'
import { HONEST_LATENCY } from './actors/hostile-member.ts'
import { createHostilePolicies, expectedOf, FAILURE } from './actors/hostile-policy.ts'
import { recoveringMember, recoveryBound } from './bounds.ts'
import { broken } from './errors.ts'
import { Membership } from './membership.ts'
import { AdmissionMonitor } from './observer/admission-monitor.ts'
import { awaitRecovery, expectNothing } from './recovery.ts'
import { HASHES, printKey } from './scenario/blocks.ts'
import { createDice } from './scenario/dice.ts'
import { drawScenario, printScenario } from './scenario/scenario.ts'
import { strategyOf } from './scenario/strategy.ts'
import { delayedVerify } from './verification.ts'
import type { HostileMember } from './actors/hostile-member.ts'
import type { HostilePolicy } from './actors/hostile-policy.ts'
import type { Feature } from './features.ts'
import type { Grant } from './observer/admission-monitor.ts'
import type { MembershipAct, WorldAct } from './scenario/acts.ts'
import type { Dice } from './scenario/dice.ts'
import type { Scenario } from './scenario/scenario.ts'
import type { Stage } from './stage.ts'
import type { World } from '../world/world.ts'

// what a policy may take to resolve, ms
const TIMEOUT = 1000

// names that members may come to have, see `Membership`, and one that none has
const OTHER_NAMES = ['j0', 'j1', 'nobody']

/** Clients, members and policies do their worst for a while, and members come and go; then all are honest, and what was admitted is served. */
export function playPolicyRun (stage: Stage): void {
  const scenario = withoutLoops(drawScenario(stage.random))
  stage.trace.act(() => `policies: ${printScenario(scenario)}`)
  new PolicyRun(stage, scenario).play()
}

/** Every second run: a review hides what comes of a restriction that stays. */
function hasReviews (seed: number): boolean {
  return Math.floor(seed / 10) % 2 === 1
}

/** Clients that are members are another matter. */
function withoutLoops (scenario: Scenario): Scenario {
  return {
    ...scenario,
    members: scenario.members.map(member => ({ ...member, client: undefined })),
    clients: scenario.clients.map(client => ({ ...client, standsFor: undefined }))
  }
}

class PolicyRun {
  readonly #stage: Stage
  readonly #scenario: Scenario
  readonly #world: World
  readonly #policies: readonly HostilePolicy[]
  /** How likely a review is in each step, and whether there is one when the faults have ended. */
  readonly #reviews: { readonly dice: Dice, readonly likely: number, readonly last: boolean }
  readonly #monitor: AdmissionMonitor
  readonly #membership: Membership
  readonly #clients: readonly HostileClient[]

  constructor (stage: Stage, scenario: Scenario) {
    const { clock, trace, seed, random, timers, met, dice: { chance, int } } = stage
    this.#stage = stage
    this.#membership = new Membership(stage, scenario, { world: () => this.#world, observer: () => this.#monitor })
    this.#scenario = { ...scenario, worldActs: { ...scenario.worldActs, ...this.#membership.changes } }
    // from its own stream: a run of one policy is as it would be without the others
    const others = seededRandom(hashString('policies in turn', seed))
    const dice = createDice(others)
    this.#policies = createHostilePolicies(dice.chance(0.4) ? dice.pick([2, 3]) : 1, {
      clock,
      random: [random, others],
      members: [...scenario.members.map(({ id }) => id), ...OTHER_NAMES],
      timeout: TIMEOUT
    })
    const reviews = createDice(seededRandom(hashString('reviews', seed)))
    this.#reviews = { dice: reviews, likely: hasReviews(seed) ? reviews.pick([0.05, 0.2]) : 0, last: hasReviews(seed) && reviews.chance(0.5) }
    let monitor: AdmissionMonitor | undefined
    this.#world = createWorld({
      seed,
      clock,
      timers,
      hashes: HASHES,
      admission: { policies: this.#policies, failure: FAILURE, timeout: TIMEOUT, most: scenario.limits.wantsPerClient ?? DEFAULT_LIMITS.wantsPerClient },
      verify: delayedVerify(clock, () => scenario.verifying > 0 && chance(0.7) ? int(0, scenario.verifying) : 0),
      strategy: strategyOf(scenario.strategy),
      limits: scenario.limits,
      members: scenario.members.map(member => this.#membership.create(member)),
      engine: init => {
        monitor = stage.observed(init, init => new AdmissionMonitor(init, { trace, met, expected: (client, cid) => expectedOf(this.#policies, client, cid) }))

        return monitor
      }
    })

    if (monitor == null) {
      throw new Error('a world makes its engine at once')
    }

    this.#monitor = monitor
    this.#clients = scenario.clients.map(client => new HostileClient(client, scenario, this.#world, trace))
  }

  play (): void {
    const stage = this.#stage

    for (const member of this.#membership.all) {
      member.up()
      member.changeFaults()
    }

    for (; stage.step < this.#scenario.steps; stage.step++) {
      this.#step()
    }

    stage.trace.act(() => 'all faults end')
    this.#heal()
    stage.clock.pass(this.#deciding)
    this.#expectDecided()
    this.#awaitServed()
    stage.trace.act(() => 'all clients leave')

    for (const client of this.#clients) {
      client.leave()
    }

    stage.clock.pass(this.#deciding + this.#scenario.verifying)
    expectNothing({ clock: stage.clock, monitor: this.#monitor })
  }

  #step (): void {
    const { clock, dice: { chance, int, pick, weighted } } = this.#stage

    if (chance(0.7)) {
      pick(this.#clients).act(weighted(this.#scenario.clientActs))
    } else {
      this.#act(weighted(this.#scenario.worldActs))
    }

    if (chance(0.1) && this.#monitor.stale.length > 0) {
      const { client, verdict } = pick(this.#monitor.stale)
      this.#stage.trace.act(() => `verdict ${verdict.number} comes once more`)
      this.#monitor.put({ t: 'verdicts', client, verdicts: [{ ...verdict, verdict: pick(['pass', 'silent']) }] })
    }

    if (this.#reviews.dice.chance(this.#reviews.likely)) {
      this.#review()
    }

    if (chance(0.7)) {
      clock.pass(pick([0, 1, int(0, 60)]))
    }

    this.#membership.step()
  }

  #review (): void {
    const policy = this.#reviews.dice.pick(this.#policies)
    this.#stage.trace.act(() => `${policy.name} has what it restricted reviewed`)
    policy.review()
  }

  #act (act: WorldAct): void {
    const { clock, dice: { int, pick } } = this.#stage
    const member: HostileMember | undefined = pick(this.#membership.all)

    if (isMembershipAct(act, this.#membership)) {
      this.#membership.acts[act]()

      return
    }

    if (member == null) {
      return // all have left
    }

    switch (act) {
      case 'down':
      case 'up':
        if (member.connected) {
          member.down()
        } else {
          member.up()
        }

        break
      case 'faults':
        member.changeFaults()
        break
      case 'gain':
        member.gain(pick(this.#scenario.blocks))
        break
      case 'lose':
        member.lose(pick(this.#scenario.blocks))
        break
      default:
        clock.pass(pick([0, 1, int(0, 50), int(0, 500), int(0, 5000)]))
    }
  }

  /** What it takes at most until all is decided, ms: a call that runs, one for what a client wants and one for what it wanted on connections that fell silent, and one more of each further policy. */
  get #deciding (): number { return (2 + this.#policies.length) * TIMEOUT }

  #heal (): void {
    for (const policy of this.#policies) {
      policy.heal()
    }

    if (this.#reviews.last) {
      this.#review()
    }

    this.#membership.heal()

    for (const member of this.#membership.all) {
      if (!member.connected) {
        member.up()
      }

      member.heal()
    }

    for (const client of this.#clients) {
      client.heal()
    }
  }

  /** No want waits for a verdict for ever. */
  #expectDecided (): void {
    const { parked } = this.#monitor.status()
    const waiting = Math.max(parked, this.#monitor.undecided)

    if (waiting > 0) {
      broken('verdicts', `${waiting} wants wait for their verdicts, ${this.#deciding} ms after all policies began to answer at once`)
    }

    const statuses = this.#world.driver.policies()
    const met: Array<[Feature, boolean]> = [
      ['several policies', this.#policies.filter(({ asked }) => asked).length > 1],
      ['deferred verdict', this.#policies.some(({ resolved }) => resolved)],
      ['policy timeout', statuses.some(({ timeouts }) => timeouts > 0)],
      ['failed policy', statuses.some(({ errors, timeouts }) => errors > timeouts)]
    ]

    for (const [feature] of met.filter(([, is]) => is)) {
      this.#stage.met.add(feature)
    }
  }

  /** Lets time pass until each admitted want has its block, if a member that it may use holds it. */
  #awaitServed (): void {
    const bound = this.#recoveryBound()

    awaitRecovery(this.#stage, () => {
      const what = this.#missing()

      return what == null ? undefined : { invariant: 'lost', what, bound }
    })
  }

  #missing (): string | undefined {
    for (const grant of this.#monitor.grants()) {
      const holders = this.#membership.asked.filter(member => member.holds(grant.key) && mayUse(grant, member.id))

      if (grant.type === 'block' && holders.length > 0) {
        return `${grant.client} still waits for ${printKey(grant.key)}, which ${holders.map(({ id }) => id).join(', ')} would serve`
      }
    }
  }

  #recoveryBound (): number {
    const { limits } = this.#monitor
    const { members, wants, fetches } = this.#monitor.status()
    const { verifying, blocks } = this.#scenario
    const largest = Math.max(limits.expectedBlock, ...blocks.map(({ size }) => size))

    return recoveryBound({
      limits,
      wants,
      fetches,
      answer: HONEST_LATENCY + verifying,
      members: members.map(member => ({ ...recoveringMember(member, limits, largest), ...(verifying > 0 ? { wants: 1 } : {}) })),
      down: 0 // only a DONT_HAVE waits for members that are down
    }, true)
  }
}

function isMembershipAct (act: WorldAct, { acts }: Membership): act is MembershipAct {
  return act in acts
}

function mayUse ({ only }: Grant, member: string): boolean {
  return only?.includes(member) !== false
}
