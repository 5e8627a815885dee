import { InvalidOptionError } from '../errors.ts'
import { MemberTarget } from './member-target.ts'
import type { Observer } from './observer.ts'
import type { Offers } from './offers.ts'
import type { Input, MemberChange } from '../engine/io.ts'
import type { MemberInit, Sink, Target } from '../targets/target.ts'
import type { Logger } from '@libp2p/interface'

/** How a member is removed. */
export interface RemoveOptions {
  /**
   * Whether the member is asked nothing new, and what is open at it may finish first. Default: false, other
   * members are asked for it at once.
   */
  readonly drain?: boolean
  /** Ends that wait: other members are asked for what is still open. */
  readonly signal?: AbortSignal
}

/** What members' targets are kept with. */
export interface MemberTargetsInit {
  /** Ids of the members that the engine was made with. */
  readonly members: Iterable<string>
  readonly observer: Pick<Observer, 'added' | 'removed'>
  readonly offers: Pick<Offers, 'join' | 'leave'>
  readonly log: Logger
  /** Puts an input into the engine, unless the driver has stopped. */
  put (input: Input): void
  /** Makes the sink that the target of a member reports to, until it is closed. */
  createSink (id: string, isClosed: () => boolean): Sink
}

/** The targets of a driver's members: starts and drains them, and stops them when their members are removed. */
export interface MemberTargets {
  /** The target of a member, once it is started. */
  get (id: string): Target | undefined
  /** @throws {InvalidOptionError} there is a member with that id, or the new one is invalid */
  add (member: MemberInit): void
  /** @throws {InvalidOptionError} there is no such member */
  start (id: string, target: Target): Promise<void>
  /**
   * Resolves when the member is removed and its target has stopped.
   *
   * @throws {InvalidOptionError} there is no such member
   */
  remove (id: string, options?: RemoveOptions): Promise<void>
  /** @throws {InvalidOptionError} there is no such member, it is being removed, or the change is invalid */
  update (id: string, change: MemberChange): void
  /** The engine reports that nothing is open at a draining member. */
  drained (id: string): void
  /** Stops all targets. */
  stop (): Promise<void>
}

/** Makes the table of the members' targets. */
export function createMemberTargets ({ members, observer, offers, log, put, createSink }: MemberTargetsInit): MemberTargets {
  const create = (id: string): MemberTarget => new MemberTarget({ id, offers, log })
  const entries = new Map<string, MemberTarget>(Array.from(members, id => [id, create(id)]))
  const closing = new Set<Promise<void>>()

  function find (id: string): MemberTarget {
    const entry = entries.get(id)

    if (entry == null) {
      throw new InvalidOptionError(`there is no member called "${id}"`)
    }

    return entry
  }

  function close (id: string, entry: MemberTarget): void {
    const closed = entry.close()
    entries.delete(id)
    closing.add(closed)
    void closed.then(() => closing.delete(closed))
  }

  return {
    get: id => entries.get(id)?.target,

    add ({ id, weight, labels }) {
      put({ t: 'add', member: id, weight, labels })
      entries.set(id, create(id))
      observer.added(id)
    },

    async start (id, target) {
      const entry = find(id)
      await entry.start(target, createSink(id, () => entry.isClosed))
    },

    async remove (id, { drain = false, signal } = {}) {
      const entry = find(id)

      if (drain && signal?.aborted !== true) {
        const drained = entry.drain(signal)
        put({ t: 'update', member: id, draining: true })
        await drained
      }

      // another call may have closed it meanwhile
      if (!entry.isClosed) {
        put({ t: 'remove', member: id })
        close(id, entry)
        observer.removed(id)
      }

      await entry.close()
    },

    update (id, change) {
      if (find(id).isDraining) {
        throw new InvalidOptionError(`member "${id}" is being removed, and cannot change any more`)
      }

      put({ t: 'update', member: id, ...change })
    },

    drained (id) {
      entries.get(id)?.drained()
    },

    async stop () {
      for (const [id, entry] of entries) {
        close(id, entry)
      }

      await Promise.all(closing)
    }
  }
}
