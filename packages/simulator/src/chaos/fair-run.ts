import { leastLoaded, rendezvous, roundRobin } from '@kitsune/want-router'
import { contentBlockKey, keyOf } from '../world/content.ts'
import { connectReader } from '../world/reader.ts'
import { createWorld } from '../world/world.ts'
import { HonestMember } from './actors/honest-member.ts'
import { serviceBound } from './bounds.ts'
import { broken } from './errors.ts'
import { expectNothing } from './recovery.ts'
import { block } from './scenario/blocks.ts'
import type { Stage } from './stage.ts'
import type { ClientLink, World } from '../world/world.ts'
import type { Outgoing } from '@kitsune/bitswap-codec'
import type { AskType } from '@kitsune/want-router'

// what a round brings a client, and a block that the next round begins with, bytes
const ROUND = 64 << 10
// what a want costs at least, bytes
const LEAST_COST = 4 << 10
const MOST_CLIENTS = 6

/** A client that reads. */
interface Reader {
  readonly id: string
  readonly link: ClientLink
  /** What it waits for. */
  readonly missing: Set<string>
  /** What it was served, by what that costs in its rounds. */
  served: number
}

interface FairScenario {
  readonly size: number
  readonly expectedBlock: number
  readonly wantsPerMember: number
  readonly latency: number
  readonly members: number
  /** Members that have nothing: what they are asked for first waits for the others. */
  readonly empty: number
  readonly cost: number
  /** The most by which two clients may be served apart. */
  readonly most: number
  /** Wants of a client that is modest. */
  readonly modest: number
}

/**
 * Honest members with too little capacity, and clients that want more than there
 * is: some want much more, some want HAVEs, some come later, some do not read. As
 * long as two that read both wait, what they were served since the later one came
 * differs by little: two rounds, and what is on its way.
 */
export function playFairRun (stage: Stage): void {
  const scenario = drawFairScenario(stage)
  stage.trace.act(() => `fair: ${JSON.stringify(scenario)}`)
  new FairRun(stage, scenario).play()
}

function drawFairScenario ({ dice: { chance, int, pick } }: Stage): FairScenario {
  const size = pick([0, 4 << 10, 16 << 10, 64 << 10])
  const expectedBlock = pick([Math.max(size, 1 << 10), size < ROUND ? 32 << 10 : 256 << 10])
  const wantsPerMember = int(1, 6)
  const members = int(1, 3)
  const cost = Math.max(size, LEAST_COST)
  // what is on its way, and what a client loses that pays for larger blocks until its own are known
  const slack = 2 * members * wantsPerMember * cost + 8 * Math.max(0, expectedBlock - cost)
  const most = 2 * (ROUND + cost) + slack

  return {
    size,
    expectedBlock,
    wantsPerMember,
    latency: int(1, 50),
    members,
    empty: members > 1 && chance(0.3) ? 1 : 0,
    cost,
    most,
    modest: Math.ceil(2 * most / cost)
  }
}

class FairRun {
  readonly #stage: Stage
  readonly #scenario: FairScenario
  readonly #world: World
  readonly #atOnce: boolean
  readonly #readers: Reader[] = []
  /** For each pair, how much more one had been served than the other when the later one came. */
  readonly #ahead = new Map<string, number>()
  #clients = 0
  #blocks = 0

  constructor (stage: Stage, scenario: FairScenario) {
    const { clock, seed, dice: { chance, pick } } = stage
    const { size, expectedBlock, wantsPerMember, latency, members, empty } = scenario
    this.#stage = stage
    this.#scenario = scenario
    this.#atOnce = chance(0.5)
    this.#world = createWorld({
      seed,
      clock,
      strategy: pick([roundRobin, rendezvous, leastLoaded])(),
      limits: { wantsPerMember, wantsPerClient: 100_000, expectedBlock },
      members: Array.from({ length: members }, (_, i) => ({
        id: `m${i}`,
        create: () => new HonestMember({ clock, size, latency, empty: i < empty })
      })),
      engine: init => stage.engine(init)
    })
  }

  play (): void {
    const { clock, dice: { chance } } = this.#stage
    const { latency, members } = this.#scenario
    const start = clock.now()

    // wants from before any member could be asked have their rounds as well
    if (chance(0.7)) {
      clock.pass(latency)
    }

    this.#join()
    this.#join()

    while (this.#readers.some(({ missing }) => missing.size > 0) || this.#readers.length < 2) {
      this.#step()
      const bound = serviceBound(this.#blocks, latency, members)
      const late = this.#readers.find(({ missing }) => missing.size > 0)

      if (late != null && clock.now() - start > bound) {
        broken('lost', `${late.id} still waits for ${late.missing.size} blocks after ${clock.now() - start} ms: its limits explain ${bound} ms`)
      }
    }

    this.#leave()
    expectNothing(this.#stage)
  }

  #step (): void {
    const stage = this.#stage
    stage.step++

    if (this.#clients < MOST_CLIENTS && (stage.dice.chance(0.02) || this.#readers.every(({ missing }) => missing.size === 0))) {
      this.#join()
    }

    stage.clock.pass(this.#scenario.latency / 2)
    this.#compare()
  }

  #join (): void {
    const { dice: { chance, pick }, trace } = this.#stage
    const { modest } = this.#scenario
    const id = `c${this.#clients++}`

    if (chance(0.2) && this.#clients < MOST_CLIENTS - 1) {
      this.#want(this.#world.connect(id, { wake () {} }), 'block', modest)
      trace.act(() => `${id} does not read`)

      return
    }

    const reader: Reader = {
      id,
      missing: new Set(),
      served: 0,
      link: connectReader(this.#world, id, { atOnce: this.#atOnce, received: message => { this.#received(reader, message) } })
    }

    for (const other of this.#readers) {
      this.#ahead.set(`${other.id} ${id}`, other.served)
    }

    this.#readers.push(reader)
    const type: AskType = chance(0.3) ? 'have' : 'block'
    const count = modest * pick([1, 1, 4])
    trace.act(() => `${id} wants ${count} ${type}s`)

    for (const key of this.#want(reader.link, type, count)) {
      reader.missing.add(key)
    }
  }

  /** The keys of `count` new blocks. */
  #want (link: ClientLink, wantType: AskType, count: number): string[] {
    const wanted = Array.from({ length: count }, () => block(++this.#blocks, this.#scenario.size))
    link.send(wanted.map(({ cids: [cid] }, i) => ({ cid, wantType, priority: count - i, cancel: false, sendDontHave: true })))

    return wanted.map(({ key }) => key)
  }

  #received (reader: Reader, { blocks = [], presences = [] }: Outgoing): void {
    for (const { data } of blocks) {
      reader.served += this.#scenario.cost
      reader.missing.delete(contentBlockKey(data) ?? '')
    }

    for (const { cid } of presences) {
      reader.served += LEAST_COST
      reader.missing.delete(keyOf(cid))
    }
  }

  #compare (): void {
    const { most } = this.#scenario

    for (const [i, later] of this.#readers.entries()) {
      for (const earlier of this.#readers.slice(0, i)) {
        const apart = earlier.served - (this.#ahead.get(`${earlier.id} ${later.id}`) ?? 0) - later.served

        if (earlier.missing.size > 0 && later.missing.size > 0 && Math.abs(apart) > most) {
          broken('fairness', `since ${later.id} came ${earlier.id} was served ${apart} bytes more than that, and both wait: at most ${most} were to be`)
        }
      }
    }
  }

  #leave (): void {
    for (const { link } of this.#readers) {
      link.leave()
    }

    for (let n = 0; n < this.#clients; n++) {
      this.#world.driver.gone(`c${n}`)
    }
  }
}
