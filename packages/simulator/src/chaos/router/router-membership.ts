import { hashString } from '@kitsune/want-router/engine'
import { seededRandom } from '@kitsune/want-router/testing'
import { broken } from '../errors.ts'
import { createDice } from '../scenario/dice.ts'
import type { Dice } from '../scenario/dice.ts'
import type { Stage } from '../stage.ts'
import type { RouterPeer } from './router-peer.ts'
import type { RouterWorld } from './router-world.ts'

type Act = 'drain' | 'resume' | 'remove' | 'add' | 'none'

/** A node of the router: a member, a draining one, one that is being removed, or a former one. */
type Place = 'in' | 'draining' | 'leaving' | 'out'

/**
 * The nodes of a router, which are drained, removed and added again while it runs. In some runs none is. It draws from
 * its own stream.
 */
export class RouterMembership {
  readonly #stage: Stage
  readonly #world: RouterWorld
  readonly #dice: Dice
  readonly #likely: number
  readonly #acts: Readonly<Record<Act, number>>
  readonly #places: Map<RouterPeer, Place>
  readonly #guard: (run: () => void) => void
  /** Ends the wait for a node that is to be removed. */
  readonly #endWait = new Map<RouterPeer, () => void>()

  constructor (stage: Stage, world: RouterWorld, nodes: readonly RouterPeer[], guard: (run: () => void) => void) {
    this.#stage = stage
    this.#world = world
    this.#guard = guard
    this.#dice = createDice(seededRandom(hashString('router membership', stage.seed)))
    const { chance, pick } = this.#dice
    this.#likely = chance(0.6) ? pick([0.05, 0.2]) : 0
    this.#acts = { drain: pick([1, 3]), resume: 2, remove: pick([1, 3]), add: 3, none: 0 }
    this.#places = new Map(nodes.map(node => [node, 'in']))
  }

  step (): void {
    const { chance, weighted } = this.#dice

    if (chance(this.#likely)) {
      this.#act(weighted(this.#acts))
    }
  }

  /** Makes all of them members again, and none drains. */
  async heal (): Promise<void> {
    this.#endWait.forEach(end => { end() })
    await this.#world.settle()

    for (const [node, place] of this.#places) {
      if (place === 'leaving') {
        broken('generations', `${node.id} is to be removed at once, and has not been`)
      } else if (place === 'out') {
        this.#add(node)
      } else if (place === 'draining') {
        this.#update(node, false)
      }
    }
  }

  /** Checks that removed nodes are no longer connected. */
  expectSound (): void {
    for (const [node, place] of this.#places) {
      if (place === 'out' && this.#world.isConnected(node)) {
        broken('generations', `${node.id} was removed, and the router keeps its connection`)
      }
    }
  }

  #act (act: Act): void {
    const from: Readonly<Record<Act, readonly Place[]>> = { drain: ['in'], resume: ['draining'], remove: ['in', 'draining'], add: ['out'], none: [] }
    const nodes = [...this.#places].flatMap(([node, place]) => from[act].includes(place) ? [node] : [])

    if (nodes.length === 0) {
      return
    }

    const node = this.#dice.pick(nodes)
    this.#stage.trace.act(() => `node ${act} (${node.id.slice(-2)})`)

    switch (act) {
      case 'drain':
      case 'resume':
        this.#update(node, act === 'drain')
        break
      case 'remove':
        this.#remove(node)
        break
      default:
        this.#add(node)
    }
  }

  #update (node: RouterPeer, draining: boolean): void {
    this.#places.set(node, draining ? 'draining' : 'in')
    this.#world.update(node, draining)
    this.#stage.met.add(draining ? 'member drains' : 'member resumes')
  }

  /** At once, or when it owes nothing, or when that takes too long. */
  #remove (node: RouterPeer): void {
    const { chance, int } = this.#dice
    const controller = new AbortController()
    const drain = chance(0.6)
    this.#places.set(node, 'leaving')
    this.#endWait.set(node, () => { controller.abort() })

    if (chance(0.4)) {
      this.#stage.clock.after(int(0, 2000), () => { controller.abort() })
    }

    this.#stage.met.add('member leaves')
    this.#world.remove(node, { drain, signal: controller.signal }).then(() => {
      this.#places.set(node, 'out')
      this.#endWait.delete(node)
    }, (err: unknown) => { this.#guard(() => { throw err }) })
  }

  #add (node: RouterPeer): void {
    this.#places.set(node, 'in')
    this.#world.add(node)
    this.#stage.met.add('name again')
  }
}
