import { ownPeer } from './driver/peer-sessions.ts'
import { createDiscoveries } from './router-discoveries.ts'
import { checkTarget } from './targets/check-target.ts'
import type { Discovery } from './discovery/discovery.ts'
import type { Driver } from './driver/driver.ts'
import type { RemoveOptions } from './driver/member-targets.ts'
import type { PeerSessions } from './driver/peer-sessions.ts'
import type { MemberChange } from './engine/io.ts'
import type { LocatedPeer, Target, TargetInit } from './targets/target.ts'
import type { ComponentLogger, Logger } from '@libp2p/interface'

/** The members of a router while it runs. */
export interface Members {
  /**
   * Adds a member, which is connected to at once, or with the others if the router has not been started. What no other
   * member had is asked of it as soon as it is up.
   *
   * @throws {InvalidOptionError} another member has its id, its weight is no number above 0, the strategy cannot take it, or it is the router itself
   * @throws {NotStartedError} the router has stopped
   */
  add (target: TargetInit): void
  /**
   * Removes a member. With `drain` it is asked nothing new and is removed when it owes nothing, or when the signal
   * aborts; what is open then, or without `drain`, is asked of other members. For a minute (`forgetDownAfter`) no client
   * gets a DONT_HAVE for what the member may have held.
   *
   * Resolves when it is gone and disconnected. From then on another one may have its id.
   *
   * @throws {InvalidOptionError} there is no such member
   */
  remove (id: string, options?: RemoveOptions): Promise<void>
  /**
   * Changes what is given of a member. With `draining` it is asked nothing new, and what is open at it finishes:
   * `load.wants` of its status falls to 0. It stays a member, so no client gets a DONT_HAVE for what it may hold, and
   * `draining: false` takes that back.
   *
   * @throws {InvalidOptionError} there is no such member, it is being removed, or the change is invalid
   */
  update (id: string, change: MemberChange): void
}

/** What the members of a router are made from. */
export interface RouterMembersInit {
  /** The members that the engine was made with. */
  readonly targets: readonly TargetInit[]
  readonly discoveries: readonly Discovery[]
  readonly driver: Pick<Driver, 'add' | 'start' | 'remove' | 'update'>
  readonly sessions: Pick<PeerSessions, 'open'>
  /** Peer ids that are the router itself. */
  readonly own: ReadonlySet<string>
  readonly logger: ComponentLogger
  readonly log: Logger
}

/** Members, and what a router keeps about them. */
export interface RouterMembers extends Members {
  /** Starts the targets, and the discoveries, which add more. */
  start (): Promise<void>
  /** Ends the discoveries. Targets are stopped by the driver. */
  stop (): Promise<void>
  /** Where a member was last found. */
  placeOf (id: string): LocatedPeer | undefined
  /** How a member lists its blocks, if it can. */
  holdingsOf (id: string): TargetInit['holdings']
}

/** Makes the members of a router and their targets. */
export function createRouterMembers ({ targets: configured, discoveries, driver, sessions, own, logger, log }: RouterMembersInit): RouterMembers {
  const targets = new Map(configured.map(target => [target.id, target]))
  const places = new Map<string, LocatedPeer>()
  let started = false

  function create (target: TargetInit): Target {
    return target.create({
      logger,
      openPeer: async (located, handlers, signal, limit) => {
        places.set(target.id, located)

        return sessions.open(located, handlers, signal, limit)
      }
    })
  }

  const members: Members = {
    add (target) {
      checkTarget(target, 'target')
      expectOther(target, own)
      const created = started ? create(target) : undefined
      driver.add(target)
      targets.set(target.id, target)

      if (created != null) {
        driver.start(target.id, created).catch(err => { log.error('%s could not be started - %e', target.id, err) })
      }
    },

    async remove (id, options) {
      const target = targets.get(id)
      await driver.remove(id, options)

      // another one may have its id by now
      if (targets.get(id) === target) {
        targets.delete(id)
        places.delete(id)
      }
    },

    update (id, change) { driver.update(id, change) }
  }
  const found = createDiscoveries({ discoveries, members, logger, log })

  for (const target of configured) {
    expectOther(target, own)
  }

  return {
    ...members,
    placeOf: id => places.get(id),
    holdingsOf: id => targets.get(id)?.holdings,

    async start () {
      started = true
      found.start()
      await Promise.all(Array.from(targets.values(), async target => driver.start(target.id, create(target))))
    },

    async stop () { await found.stop() }
  }
}

/** @throws {InvalidOptionError} the target is known to lead to the router itself */
function expectOther ({ id, peer }: TargetInit, own: ReadonlySet<string>): void {
  if (peer != null && own.has(peer.toString())) {
    throw ownPeer(`"${id}"`, peer.toString())
  }
}
