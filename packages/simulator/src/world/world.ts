/**
 * A world is the real engine behind the real driver on a clock that is moved by
 * hand, with simulated members below and simulated peers above. Nothing in here
 * knows the engine's rules: it carries what members say to the driver's sinks,
 * and what peers say to the driver, as the network does.
 *
 * ```ts
 * const world = createWorld({
 *   seed: 1,
 *   strategy: rendezvous(),
 *   members: [{ id: 'a', create: ({ clock }) => myTarget(clock) }]   // any Target: honest, slow or lying
 * })
 * const peer = world.connect('p', {
 *   wake () { const message = peer.take(1 << 20); … },               // something can be taken; or use `reader`
 *   closed (why) { … }                                               // the router closed us
 * })
 * peer.send([{ cid: contentCid(7), wantType: 'block', priority: 1, cancel: false, sendDontHave: true }])
 * world.run(60_000)                                                  // or world.clock.step(), one event at a time
 * peer.leave()
 * ```
 *
 * - **Members** are `Target`s: `start(sink)` is called within `createWorld`, and
 *   `ask`, `cancel` come at the end of a turn. Never call the sink from inside
 *   those; use `clock.after` or `clock.endOfTurn`. A member that is to be asked says
 *   `sink.up()`. A block is `sink.block(cid, contentBlock(key, size))`: no hashing, the
 *   bytes carry the key that they "hash" to, so `contentBlock(otherKey, size)` is a
 *   wrong block, and any other bytes are garbage.
 * - **Peers** are pulled, as a network's writer pulls: after `wake` they `take` when
 *   they like, or never. `wake` comes at the end of a turn, or as soon as the driver has
 *   something (`atOnce`); never from inside `take`.
 *   Blocks come without their CIDs: `contentBlockKey(block.data)` tells the key.
 * - **Randomness** comes from `world.random(name)`: a stream of its own for each name, so
 *   that one actor's draws do not shift another's. Same seed and same actors, same
 *   history, byte for byte.
 * - `engine` in the init stands between the driver and the engine: to observe inputs and
 *   outputs, record them, or break them on purpose.
 */
import { createEngine, driver, hashString } from '@kitsune/want-router/engine'
import { fakeClock, seededRandom } from '@kitsune/want-router/testing'
import { verifyContent } from './content.ts'
import type { BitswapProtocol, Outgoing, WantEntry } from '@kitsune/bitswap-codec'
import type { Limits, MemberInit, StrategyFactory, Target } from '@kitsune/want-router'
import type { Driver, DriverInit, Engine, EngineInit } from '@kitsune/want-router/engine'
import type { FakeClock } from '@kitsune/want-router/testing'

/** What actors may use. */
export interface WorldEnv {
  readonly clock: FakeClock
  /** A random source of its own for each name, uniform in [0, 1). */
  random (name: string): () => number
}

/** A downstream member: how it stands in the configuration, and what answers for it. */
export interface WorldMember extends MemberInit {
  create (env: WorldEnv): Target
}

export interface WorldInit {
  readonly seed: number
  readonly strategy: StrategyFactory
  readonly members: readonly WorldMember[]
  readonly limits?: Partial<Limits>
  /** Default: a clock that begins at 0. */
  readonly clock?: FakeClock
  /** What the driver drives. Default: `createEngine`; a wrapper observes, records or breaks it. */
  engine? (init: EngineInit): Engine
  /** Default: says nothing. */
  readonly log?: DriverInit['log']
}

/** What an upstream peer does when something happens to it. */
export interface PeerHandlers {
  /** There is something to take. */
  wake (): void
  /** It is woken as soon as the driver has something, as by a network that sends at once. Default: at the end of the turn. */
  readonly atOnce?: boolean
  /** The router closed the connection. Default: nothing. */
  closed? (): void
}

/** An upstream peer's connection to the router. All of it is harmless once the peer has left. */
export interface PeerLink {
  readonly id: string
  /** Hands the router a wantlist message. */
  send (wants: readonly WantEntry[], full?: boolean): void
  /** The next message for the peer, if there is one; its blocks are bounded by `maxBytes`. */
  take (maxBytes: number, protocol?: BitswapProtocol): Outgoing | undefined
  /** The peer's last connection closes. */
  leave (): void
  /** False once it has left or was closed. */
  readonly connected: boolean
}

export interface World extends WorldEnv {
  readonly engine: Engine
  readonly driver: Driver
  /** Connects a peer. One that left may connect again under its id. */
  connect (id: string, handlers: PeerHandlers): PeerLink
  /** Runs what is due up to a moment, ms, and leaves the clock there. */
  run (until: number): void
}

const PROTOCOL: BitswapProtocol = '/ipfs/bitswap/1.2.0'

/** @throws {InvalidOptionError} for members or limits that the engine refuses */
export function createWorld (init: WorldInit): World {
  const clock = init.clock ?? fakeClock()
  const peers = new Map<string, { wake (): void, close (): void }>()
  const random = (name: string): (() => number) => seededRandom(hashString(name, init.seed))

  const engine = (init.engine ?? createEngine)({
    members: init.members,
    strategy: init.strategy,
    limits: init.limits,
    now: clock.now,
    randomSeed: hashString('strategy', init.seed),
    seed: init.seed
  })
  const drive = driver({
    engine,
    timers: clock,
    verify: verifyContent,
    log: init.log ?? silent,
    upstream: {
      wake (peer) { peers.get(peer)?.wake() },
      disconnect (peer) { peers.get(peer)?.close() }
    }
  })

  function connect (id: string, handlers: PeerHandlers): PeerLink {
    let connected = true
    let waking = false

    function gone (): boolean {
      if (!connected) {
        return false
      }
      connected = false
      peers.delete(id)
      return true
    }

    if (peers.has(id)) {
      throw new Error(`peer ${id} is connected already: let it leave first`)
    }

    peers.set(id, {
      wake () {
        if (handlers.atOnce === true) {
          handlers.wake()
        } else if (!waking) {
          waking = true
          clock.endOfTurn(() => {
            waking = false
            if (connected) {
              handlers.wake()
            }
          })
        }
      },
      close () {
        clock.endOfTurn(() => {
          if (gone()) {
            drive.gone(id)
            handlers.closed?.()
          }
        })
      }
    })

    return {
      id,
      get connected () { return connected },
      send (wants, full = false) {
        if (connected) {
          drive.message(id, { wants: [...wants], full, blocks: [], presences: [], pendingBytes: 0 })
        }
      },
      take: (maxBytes, protocol = PROTOCOL) => connected ? drive.take(id, maxBytes, protocol) : undefined,
      leave () {
        if (gone()) {
          drive.gone(id)
        }
      }
    }
  }

  const world: World = {
    clock,
    random,
    engine,
    driver: drive,
    connect,
    run (until) {
      clock.pass(Math.max(0, until - clock.now()))
    }
  }

  for (const { id, create } of init.members) {
    // targets of a world start at once; one that throws is a fault of the simulation
    drive.start(id, create(world)).catch((err: unknown) => { queueMicrotask(() => { throw err }) })
  }

  return world
}

const silent: DriverInit['log'] = Object.assign(() => {}, {
  error () {},
  trace () {},
  enabled: false,
  newScope: () => silent
})
