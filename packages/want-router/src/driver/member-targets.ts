import { InvalidOptionError } from '../errors.ts'
import type { Observer } from './observer.ts'
import type { Offers } from './offers.ts'
import type { Input, MemberChange } from '../engine/io.ts'
import type { MemberInit, Sink, Target } from '../targets/target.ts'
import type { Logger } from '@libp2p/interface'

/** How a member is removed. */
export interface RemoveOptions {
  /** What is open at it may finish first; it is asked nothing new. Default false: it is asked elsewhere at once. */
  readonly drain?: boolean
  /** Ends the wait for that: what is open then is asked elsewhere. */
  readonly signal?: AbortSignal
}

/** What members' targets are kept with. */
export interface MemberTargetsInit {
  /** Ids of the members that the engine was made with. */
  readonly members: Iterable<string>
  readonly observer: Pick<Observer, 'added' | 'removed'>
  readonly offers: Pick<Offers, 'join' | 'leave'>
  readonly log: Logger
  /** Puts something into the engine, unless all has stopped. */
  put (input: Input): void
  /** What the target of a member reports to, until it is closed. */
  createSink (id: string, isClosed: () => boolean): Sink
}

/** The members of a driver, and their targets: they are started, drained, and stopped when their member leaves. */
export interface MemberTargets {
  /** The target of a member, once it is started. */
  get (id: string): Target | undefined
  /** @throws {InvalidOptionError} there is one of that id, or it cannot be meant */
  add (member: MemberInit): void
  /** @throws {InvalidOptionError} there is no such member */
  start (id: string, target: Target): Promise<void>
  /**
   * Resolves when the member is removed and its target has stopped.
   *
   * @throws {InvalidOptionError} there is no such member
   */
  remove (id: string, options?: RemoveOptions): Promise<void>
  /** @throws {InvalidOptionError} there is no such member, it is being removed, or the change cannot be meant */
  update (id: string, change: MemberChange): void
  /** The engine says that nothing is open at a member that drains. */
  drained (id: string): void
  /** Stops all targets. */
  stop (): Promise<void>
}

/** One member, from when it is added until it is removed. Another one of its name is another entry. */
interface Entry {
  target: Target | undefined
  /** Its target's reports concern nobody any more. */
  closed: boolean
  /** It is to be removed as soon as this is settled. */
  drained: PromiseWithResolvers<void> | undefined
  /** Settled when it is removed and its target has stopped. */
  gone: Promise<void> | undefined
}

export function createMemberTargets ({ members, observer, offers, log, put, createSink }: MemberTargetsInit): MemberTargets {
  const entries = new Map<string, Entry>(Array.from(members, id => [id, createEntry()]))
  const closing = new Set<Promise<void>>()

  function find (id: string): Entry {
    const entry = entries.get(id)
    if (entry == null) {
      throw new InvalidOptionError(`there is no member called "${id}"`)
    }
    return entry
  }

  async function drain (id: string, entry: Entry, signal: AbortSignal | undefined): Promise<void> {
    const drained = entry.drained ??= Promise.withResolvers()
    const onAbort = (): void => { drained.resolve() }
    put({ t: 'update', member: id, draining: true })
    signal?.addEventListener('abort', onAbort)
    await drained.promise
    signal?.removeEventListener('abort', onAbort)
  }

  /** Whoever waits for a member to be drained need not any longer. */
  async function close (id: string, entry: Entry): Promise<void> {
    entries.delete(id)
    offers.leave(id)
    entry.closed = true
    entry.drained?.resolve()
    try {
      await entry.target?.stop()
    } catch (err) {
      log.error('the target of %s did not stop - %e', id, err)
    }
  }

  async function leave (id: string, entry: Entry): Promise<void> {
    put({ t: 'remove', member: id })
    const closed = close(id, entry)
    observer.removed(id)
    closing.add(closed)
    await closed
    closing.delete(closed)
  }

  return {
    get: id => entries.get(id)?.target,

    add ({ id, weight, labels }) {
      put({ t: 'add', member: id, weight, labels })
      entries.set(id, createEntry())
      observer.added(id)
    },

    async start (id, target) {
      const entry = find(id)
      entry.target = target
      offers.join(id, target)
      await target.start(createSink(id, () => entry.closed))
    },

    async remove (id, { drain: first = false, signal } = {}) {
      const entry = find(id)
      if (first && signal?.aborted !== true) {
        await drain(id, entry, signal)
      }
      // another call may have been faster
      entry.gone ??= leave(id, entry)
      await entry.gone
    },

    update (id, change) {
      if (find(id).drained != null) {
        throw new InvalidOptionError(`member "${id}" is being removed, and cannot change any more`)
      }
      put({ t: 'update', member: id, ...change })
    },

    drained (id) {
      entries.get(id)?.drained?.resolve()
    },

    async stop () {
      for (const [id, entry] of entries) {
        entry.gone = close(id, entry)
        closing.add(entry.gone)
      }
      await Promise.all(closing)
    }
  }
}

function createEntry (): Entry {
  return { target: undefined, closed: false, drained: undefined, gone: undefined }
}
