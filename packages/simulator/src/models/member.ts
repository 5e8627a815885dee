import { contentBlock } from '../world/content.ts'
import { draw, exponential } from './distribution.ts'
import { lru } from './lru.ts'
import { followPhases } from './phases.ts'
import type { Catalogue } from './catalogue.ts'
import type { Behaviour } from './phases.ts'
import type { MemberModel } from '../scenario/schema.ts'
import type { WorldEnv } from '../world/world.ts'
import type { Sink, Target, TargetWant } from '@kitsune/want-router'

/** What is told of a member as it happens. */
export interface MemberEvents {
  asked (want: TargetWant): void
  /** A want is answered, cancelled or lost. */
  ended (): void
  /** It works on a block: was that in its cache? Told of members that have one. */
  looked (hit: boolean): void
}

/** A want on its way through the member. */
interface Job {
  /** Undefined for the work of others. */
  readonly want?: TargetWant
  readonly size: number
  /** Cancelled, or lost with the connection: nothing comes of it. */
  over: boolean
}

/** A want of ours. */
type Asked = Job & { readonly want: TargetWant }

function isAsked (job: Job): job is Asked {
  return job.want != null
}

/**
 * A node as scenarios describe it: wants for blocks it holds queue for its
 * workers, the work takes less where its cache has the block, and the block then
 * shares the line with others. HAVE and DONT_HAVE overtake the queue, as in
 * boxo, whose engine answers them from an index.
 */
export function modelMember (id: string, model: MemberModel, env: WorldEnv, blocks: Catalogue, events: MemberEvents): Target {
  const { clock } = env
  const random = env.random(`member ${id}`)
  // apart, so that what we ask does not change what others do
  const randomOthers = env.random(`others of ${id}`)
  const network = draw(model.network)
  const service = draw(model.service)
  const presence = draw(model.presence)
  const hit = draw(model.cache?.hit ?? model.service)
  const cache = model.cache == null ? undefined : lru(model.cache.blocks)
  const { workers = Infinity, bandwidth = Infinity } = model

  const open = new Map<string, Asked>()
  const queue = new Set<Job>()
  /** Waits for a stall to end. */
  let held: Asked[] = []
  /** Wants it lacks, which the router keeps listed. */
  const listed = new Map<string, TargetWant>()
  let now: Behaviour = { slow: 1, down: true, stalled: false, cold: false, holds: model.holds, others: 0 }
  let cancelOthers: (() => void) | undefined
  let busy = 0
  let lineFree = 0
  let sink: Sink | undefined

  function end (job: Job): void {
    if (!job.over) {
      job.over = true
      queue.delete(job)
      if (job.want != null && open.get(job.want.key) === job) {
        open.delete(job.want.key)
      }
      events.ended()
    }
  }

  /** Others ask at random times, whose rate may have changed. */
  function expectOthers (): void {
    cancelOthers?.()
    cancelOthers = undefined
    if (now.others > 0 && !now.down) {
      cancelOthers = clock.after(exponential(1000 / now.others, randomOthers), () => {
        take({ size: 0, over: false })
        expectOthers()
      })
    }
  }

  function take (job: Job): void {
    if (busy < workers && !now.stalled) {
      work(job)
    } else {
      queue.add(job)
    }
  }

  function begin (want: TargetWant): void {
    events.asked(want)
    const before = open.get(want.key)
    if (before != null) {
      end(before) // asked for more than before, or again
    }
    listed.delete(want.key)
    const job = { want, size: blocks.size(want) ?? 0, over: false }
    open.set(want.key, job)
    if (now.stalled) {
      held.push(job)
    } else {
      handle(job)
    }
  }

  function handle (job: Asked): void {
    const { want } = job
    const has = blocks.size(want) != null && blocks.holds(id, now.holds, want)
    if (has && want.type === 'block') {
      take(job)
      return
    }
    clock.after(now.slow * (presence(random) + network(random)), () => {
      if (!job.over && !hold(job)) {
        if (!has) {
          listed.set(want.key, want)
        }
        end(job)
        sink?.answer(want.key, has ? 'have' : 'lack')
      }
    })
  }

  /** While it is stalled nothing leaves. */
  function hold (job: Asked): boolean {
    if (now.stalled) {
      held.push(job)
    }
    return now.stalled
  }

  function work (job: Job): void {
    busy++
    const cached = job.want != null && lookUp(job.want)
    clock.after(now.slow * (cached ? hit(random) : service(job.want == null ? randomOthers : random)), () => {
      busy--
      workOn()
      if (isAsked(job)) {
        cache?.add(job.want.key)
        send(job)
      }
    })
  }

  function lookUp ({ key }: TargetWant): boolean {
    if (cache == null) {
      return false
    }
    const hit = cache.touch(key)
    events.looked(hit)
    return hit
  }

  /** Takes up what has queued. */
  function workOn (): void {
    for (const next of queue) {
      if (busy >= workers || now.stalled) {
        break
      }
      queue.delete(next)
      work(next)
    }
  }

  function send (job: Asked): void {
    if (job.over || hold(job)) {
      return
    }
    lineFree = Math.max(lineFree, clock.now()) + job.size / bandwidth * 1000
    clock.after(lineFree - clock.now() + now.slow * network(random), () => {
      if (!job.over && !hold(job)) {
        end(job)
        void sink?.block(job.want.cid, contentBlock(job.want.key, job.size))
      }
    })
  }

  function change (next: Behaviour): void {
    const before = now
    now = next
    if (now.cold && !before.cold) {
      cache?.clear()
    }
    if (now.down && !before.down) {
      goDown()
    } else if (!now.down && before.down) {
      sink?.up()
    }
    if (!now.stalled && before.stalled) {
      for (const job of held.splice(0)) {
        if (!job.over) {
          handle(job)
        }
      }
      workOn()
    }
    if (now.holds > before.holds) {
      bringLate()
    }
    expectOthers()
  }

  function goDown (): void {
    for (const job of [...open.values()]) {
      end(job)
    }
    queue.clear()
    listed.clear()
    held = []
    sink?.down(new Error(`${id} is down, as its scenario says`))
  }

  /** Blocks that are still wanted, and that it has got. */
  function bringLate (): void {
    for (const want of [...listed.values()]) {
      const size = blocks.size(want)
      if (size != null && blocks.holds(id, now.holds, want)) {
        listed.delete(want.key)
        void sink?.block(want.cid, contentBlock(want.key, size))
      }
    }
  }

  return {
    start (s) {
      sink = s
      followPhases(clock, model, change)
    },

    stop () { sink = undefined },

    ask (wants) {
      if (!now.down) {
        for (const want of wants) {
          begin(want)
        }
      }
    },

    cancel (wants) {
      for (const { key } of wants) {
        listed.delete(key)
        const job = open.get(key)
        if (job != null) {
          end(job)
        }
      }
    }
  }
}
