import { contentBlock } from '../world/content.ts'
import { createSampler, exponential } from './distribution.ts'
import { createLru } from './lru.ts'
import { followPhases } from './phases.ts'
import type { Catalogue } from './catalogue.ts'
import type { Sampler } from './distribution.ts'
import type { Lru } from './lru.ts'
import type { Behaviour } from './phases.ts'
import type { MemberModel } from '../scenario/schema.ts'
import type { WorldEnv } from '../world/world.ts'
import type { CancelledWant, Sink, Target, TargetWant } from '@kitsune/want-router'

/** The events of a member. */
export interface MemberEvents {
  asked (want: TargetWant): void
  /** A want is answered, cancelled or lost. */
  ended (): void
  /** It works on a block, which was in its cache or not. Only for members that have a cache. */
  looked (hit: boolean): void
}

/** A want on its way through the member. */
interface Job {
  /** Undefined for work for other clients. */
  readonly want?: TargetWant
  readonly size: number
  /** Cancelled, or lost with the connection: it has no result. */
  ended: boolean
}

/** A want of the router. */
type Asked = Job & { readonly want: TargetWant }

function isAsked (job: Job): job is Asked {
  return job.want != null
}

/**
 * A node as scenarios describe it. Wants for blocks that it holds queue for its
 * workers, the work takes less where its cache has the block, and the block then
 * shares the bandwidth with others. HAVE and DONT_HAVE overtake the queue, as in boxo,
 * whose engine answers them from an index.
 */
export function createModelMember (id: string, model: MemberModel, env: WorldEnv, blocks: Catalogue, events: MemberEvents): Target {
  return new ModelMember(id, model, env, blocks, events)
}

class ModelMember implements Target {
  readonly #id: string
  readonly #model: MemberModel
  readonly #env: WorldEnv
  readonly #blocks: Catalogue
  readonly #events: MemberEvents
  readonly #random: () => number
  /** Their own stream, so that the router's wants do not change the work for others. */
  readonly #randomOthers: () => number
  readonly #network: Sampler
  readonly #service: Sampler
  readonly #presence: Sampler
  readonly #hit: Sampler
  readonly #cache: Lru | undefined
  readonly #workers: number
  readonly #bandwidth: number

  readonly #open = new Map<string, Asked>()
  readonly #queue = new Set<Job>()
  /** Answers that wait for a stall to end. */
  #held: Asked[] = []
  /** Standing wants: blocks that it does not have and would send later. */
  readonly #standing = new Map<string, TargetWant>()
  #now: Behaviour
  #cancelOthers: (() => void) | undefined
  #busy = 0
  #lineFree = 0
  #sink: Sink | undefined

  constructor (id: string, model: MemberModel, env: WorldEnv, blocks: Catalogue, events: MemberEvents) {
    this.#id = id
    this.#model = model
    this.#env = env
    this.#blocks = blocks
    this.#events = events
    this.#random = env.random(`member ${id}`)
    this.#randomOthers = env.random(`others of ${id}`)
    this.#network = createSampler(model.network)
    this.#service = createSampler(model.service)
    this.#presence = createSampler(model.presence)
    this.#hit = createSampler(model.cache?.hit ?? model.service)
    this.#cache = model.cache == null ? undefined : createLru(model.cache.blocks)
    this.#workers = model.workers ?? Infinity
    this.#bandwidth = model.bandwidth ?? Infinity
    this.#now = { slow: 1, down: true, stalled: false, cold: false, holds: model.holds, others: 0 }
  }

  start (sink: Sink): void {
    this.#sink = sink
    followPhases(this.#env.clock, this.#model, now => { this.#change(now) })
  }

  stop (): void {
    this.#sink = undefined
  }

  ask (wants: readonly TargetWant[]): void {
    if (!this.#now.down) {
      for (const want of wants) {
        this.#begin(want)
      }
    }
  }

  cancel (wants: readonly CancelledWant[]): void {
    for (const { key } of wants) {
      this.#standing.delete(key)
      const job = this.#open.get(key)

      if (job != null) {
        this.#end(job)
      }
    }
  }

  #begin (want: TargetWant): void {
    this.#events.asked(want)
    const before = this.#open.get(want.key)

    if (before != null) {
      this.#end(before) // it is asked for the block after a HAVE, or again
    }

    this.#standing.delete(want.key)
    const job = { want, size: this.#blocks.size(want) ?? 0, ended: false }
    this.#open.set(want.key, job)

    if (this.#now.stalled) {
      this.#held.push(job)
    } else {
      this.#handle(job)
    }
  }

  #end (job: Job): void {
    if (!job.ended) {
      job.ended = true
      this.#queue.delete(job)

      if (job.want != null && this.#open.get(job.want.key) === job) {
        this.#open.delete(job.want.key)
      }

      this.#events.ended()
    }
  }

  #has (want: TargetWant): boolean {
    return this.#blocks.size(want) != null && this.#blocks.holds(this.#id, this.#now.holds, want)
  }

  #handle (job: Asked): void {
    const { want } = job
    const has = this.#has(want)

    if (has && want.type === 'block') {
      this.#enqueue(job)

      return
    }

    this.#env.clock.after(this.#now.slow * (this.#presence(this.#random) + this.#network(this.#random)), () => {
      if (!job.ended && !this.#hold(job)) {
        if (!has) {
          this.#standing.set(want.key, want)
        }

        this.#end(job)
        this.#sink?.answer(want.key, has ? 'have' : 'dont-have')
      }
    })
  }

  /** While it is stalled, it sends nothing. */
  #hold (job: Asked): boolean {
    if (this.#now.stalled) {
      this.#held.push(job)
    }

    return this.#now.stalled
  }

  #enqueue (job: Job): void {
    if (this.#busy < this.#workers && !this.#now.stalled) {
      this.#work(job)
    } else {
      this.#queue.add(job)
    }
  }

  #work (job: Job): void {
    this.#busy++
    const cached = job.want != null && this.#lookUp(job.want)
    const ms = cached ? this.#hit(this.#random) : this.#service(job.want == null ? this.#randomOthers : this.#random)
    this.#env.clock.after(this.#now.slow * ms, () => {
      this.#busy--
      this.#workOn()

      if (isAsked(job)) {
        this.#cache?.add(job.want.key)
        this.#send(job)
      }
    })
  }

  #lookUp ({ key }: TargetWant): boolean {
    if (this.#cache == null) {
      return false
    }

    const hit = this.#cache.touch(key)
    this.#events.looked(hit)

    return hit
  }

  /** Starts queued work. */
  #workOn (): void {
    for (const next of this.#queue) {
      if (this.#busy >= this.#workers || this.#now.stalled) {
        break
      }

      this.#queue.delete(next)
      this.#work(next)
    }
  }

  #send (job: Asked): void {
    if (job.ended || this.#hold(job)) {
      return
    }

    const { clock } = this.#env
    this.#lineFree = Math.max(this.#lineFree, clock.now()) + job.size / this.#bandwidth * 1000
    clock.after(this.#lineFree - clock.now() + this.#now.slow * this.#network(this.#random), () => {
      if (!job.ended && !this.#hold(job)) {
        this.#end(job)
        void this.#sink?.block(job.want.cid, contentBlock(job.want.key, job.size))
      }
    })
  }

  #change (next: Behaviour): void {
    const before = this.#now
    this.#now = next

    if (next.cold && !before.cold) {
      this.#cache?.clear()
    }

    if (next.down && !before.down) {
      this.#goDown()
    } else if (!next.down && before.down) {
      this.#sink?.up()
    }

    if (!next.stalled && before.stalled) {
      for (const job of this.#held.splice(0)) {
        if (!job.ended) {
          this.#handle(job)
        }
      }

      this.#workOn()
    }

    if (next.holds > before.holds) {
      this.#sendLate()
    }

    this.#expectOthers()
  }

  #goDown (): void {
    for (const job of [...this.#open.values()]) {
      this.#end(job)
    }

    this.#queue.clear()
    this.#standing.clear()
    this.#held = []
    this.#sink?.down(new Error(`${this.#id} is down, as its scenario says`))
  }

  /** Sends the blocks that it has now and that are still wanted. */
  #sendLate (): void {
    for (const want of [...this.#standing.values()]) {
      if (this.#has(want)) {
        this.#standing.delete(want.key)
        void this.#sink?.block(want.cid, contentBlock(want.key, this.#blocks.size(want) ?? 0))
      }
    }
  }

  /** Others ask at random times, at a rate that may just have changed. */
  #expectOthers (): void {
    this.#cancelOthers?.()
    this.#cancelOthers = undefined

    if (this.#now.others > 0 && !this.#now.down) {
      this.#cancelOthers = this.#env.clock.after(exponential(1000 / this.#now.others, this.#randomOthers), () => {
        this.#enqueue({ size: 0, ended: false })
        this.#expectOthers()
      })
    }
  }
}
