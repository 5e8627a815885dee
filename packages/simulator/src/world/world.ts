/**
 * A world is the real engine behind the real driver on a simulated clock,
 * with simulated members and simulated clients. Nothing in here knows the engine's
 * rules: it carries messages from members to the driver's sinks, and from clients to
 * the driver, as the network does.
 *
 * ```ts
 * const world = createWorld({
 *   seed: 1,
 *   strategy: rendezvous(),
 *   members: [{ id: 'a', create: ({ clock }) => myTarget(clock) }]   // any Target: honest, slow or lying
 * })
 * const client = world.connect('c', {
 *   wake () { const message = client.take(1 << 20); … },             // there is something to take; or use connectReader
 *   closed () { … }                                                  // the router closed the connection
 * })
 * client.send([{ cid: contentCid(7), wantType: 'block', priority: 1, cancel: false, sendDontHave: true }])
 * world.run(60_000)                                                  // or world.clock.step(), one event at a time
 * client.leave()
 * ```
 *
 * - **Members** are `Target`s: `start(sink)` is called within `createWorld`, and `ask` and
 *   `cancel` at the end of a tick. They must not call the sink from inside these; use
 *   `clock.after` or `clock.endOfTick`. A member calls `sink.up()` before it can be asked.
 *   A block is `sink.block(cid, contentBlock(key, size))`: there is no hashing, the bytes
 *   carry the key that they "hash" to, so `contentBlock(otherKey, size)` is a wrong block,
 *   and any other bytes are garbage.
 * - **Clients** pull, as a network's writer does: after `wake` they call `take` at any
 *   time, or never. `wake` comes at the end of a tick, or as soon as the driver has
 *   something (`atOnce`), but never from inside `take`. Blocks come without their CIDs:
 *   `contentBlockKey(block.data)` is the key.
 * - **Randomness** comes from `world.random(name)`: each name has its own stream, so that one
 *   actor's draws do not shift another's. The same seed and the same actors give the same
 *   run, byte for byte.
 * - `engine` in the init stands between the driver and the engine: to observe inputs and
 *   outputs, record them, or break them on purpose.
 */
import { createDriver, createEngine, hashString } from '@kitsune/want-router/engine'
import { fakeClock, seededRandom } from '@kitsune/want-router/testing'
import { verifyContent } from './content.ts'
import { silent } from './silent-log.ts'
import type { BitswapProtocol, Outgoing, WantEntry } from '@kitsune/bitswap-codec'
import type { Limits, MemberInit, StrategyFactory, Target } from '@kitsune/want-router'
import type { AdmissionOptions, Driver, DriverInit, Engine, EngineInit, HashFunction, Timers, Verify } from '@kitsune/want-router/engine'
import type { FakeClock } from '@kitsune/want-router/testing'

/** The context of members and clients. */
export interface WorldEnv {
  readonly clock: FakeClock
  /** A random source for each name, uniform in [0, 1). */
  random (name: string): () => number
}

/** A member: its configuration and its target. */
export interface WorldMember extends MemberInit {
  create (env: WorldEnv): Target
}

/** The members, the strategy and the limits of a world. */
export interface WorldInit {
  readonly seed: number
  readonly strategy: StrategyFactory
  readonly members: readonly WorldMember[]
  readonly limits?: Partial<Limits>
  /** Default: a clock that begins at 0. */
  readonly clock?: FakeClock
  /** The timers of the driver. Default: the clock. */
  readonly timers?: Timers
  /** How the driver verifies blocks. Default: {@link verifyContent}. */
  readonly verify?: Verify
  /** The hash functions that can be verified. Default: all count as verifiable. */
  readonly hashes?: readonly HashFunction[]
  /** The policies that decide which wants are looked for. Default: all wants are. */
  readonly admission?: AdmissionOptions
  /** The engine that the driver drives. Default: `createEngine`; a wrapper observes, records or breaks it. */
  engine? (init: EngineInit): Engine
  /** Default: discards everything. */
  readonly log?: DriverInit['log']
}

/** The callbacks of a client. */
export interface ClientHandlers {
  /** There is something to take. */
  wake (): void
  /** Whether it is woken as soon as the driver has something, as by a network that sends at once. Default: at the end of the tick. */
  readonly atOnce?: boolean
  /** The router closed the connection. Default: nothing. */
  closed? (): void
}

/** A client's connection to the router. Its methods do nothing once the client has left. */
export interface ClientLink {
  readonly id: string
  /** Hands the router a wantlist message. */
  send (wants: readonly WantEntry[], full?: boolean): void
  /** The next message for the client, if there is one; its blocks are bounded by `maxBytes`. */
  take (maxBytes: number, protocol?: BitswapProtocol): Outgoing | undefined
  /** The client's last connection closes. */
  leave (): void
  /** False once it has left or was closed. */
  readonly connected: boolean
}

/** An engine and its driver, with clients that connect and a simulated clock. */
export interface World extends WorldEnv {
  readonly engine: Engine
  readonly driver: Driver
  /**
   * Connects a client. One that left may connect again under its id.
   *
   * @throws {Error} if it is connected already
   */
  connect (id: string, handlers: ClientHandlers): ClientLink
  /**
   * Adds a member. It is changed and removed by the driver.
   *
   * @throws {InvalidOptionError} for a member that the engine refuses
   */
  add (member: WorldMember): void
  /** Runs what is due up to a moment, ms, and leaves the clock there. */
  run (until: number): void
}

const PROTOCOL: BitswapProtocol = '/ipfs/bitswap/1.2.0'

/** @throws {InvalidOptionError} for members or limits that the engine refuses */
export function createWorld (init: WorldInit): World {
  const clock = init.clock ?? fakeClock()
  const links = new Map<string, Link>()

  const engine = (init.engine ?? createEngine)({
    members: init.members,
    strategy: init.strategy,
    limits: init.limits,
    hashes: init.hashes,
    admission: init.admission != null,
    now: clock.now,
    randomSeed: hashString('strategy', init.seed),
    seed: init.seed
  })
  const drive = createDriver({
    engine,
    timers: init.timers ?? clock,
    verify: init.verify ?? verifyContent,
    admission: init.admission,
    log: init.log ?? silent,
    upstream: {
      wake (id) { links.get(id)?.wake() },
      disconnect (id) { links.get(id)?.close() }
    }
  })

  const world: World = {
    clock,
    random: name => seededRandom(hashString(name, init.seed)),
    engine,
    driver: drive,
    connect (id, handlers) {
      if (links.has(id)) {
        throw new Error(`client ${id} is connected already: let it leave first`)
      }

      const link = new Link(id, handlers, clock, drive, () => links.delete(id))
      links.set(id, link)

      return link
    },
    add (member) {
      drive.add(member)
      start(member)
    },
    run (until) {
      clock.pass(Math.max(0, until - clock.now()))
    }
  }

  function start ({ id, create }: WorldMember): void {
    // targets of a world start at once; one that throws is a bug of the simulation
    drive.start(id, create(world)).catch((err: unknown) => { queueMicrotask(() => { throw err }) })
  }

  init.members.forEach(start)

  return world
}

/** Both ends of a client's connection. */
class Link implements ClientLink {
  readonly id: string
  readonly #handlers: ClientHandlers
  readonly #clock: FakeClock
  readonly #driver: Driver
  readonly #forget: () => void
  #waking = false
  connected = true

  constructor (id: string, handlers: ClientHandlers, clock: FakeClock, driver: Driver, forget: () => void) {
    this.id = id
    this.#handlers = handlers
    this.#clock = clock
    this.#driver = driver
    this.#forget = forget
  }

  send (wants: readonly WantEntry[], full = false): void {
    if (this.connected) {
      this.#driver.message(this.id, { wants: [...wants], full })
    }
  }

  take (maxBytes: number, protocol = PROTOCOL): Outgoing | undefined {
    return this.connected ? this.#driver.take(this.id, maxBytes, protocol) : undefined
  }

  leave (): void {
    if (this.connected) {
      this.connected = false
      this.#forget()
      this.#driver.gone(this.id)
    }
  }

  /** The router has something for the client. */
  wake (): void {
    if (this.#handlers.atOnce === true) {
      this.#handlers.wake()
    } else if (!this.#waking) {
      this.#waking = true
      this.#clock.endOfTick(() => {
        this.#waking = false

        if (this.connected) {
          this.#handlers.wake()
        }
      })
    }
  }

  /** The router closes the connection. */
  close (): void {
    this.#clock.endOfTick(() => {
      if (this.connected) {
        this.leave()
        this.#handlers.closed?.()
      }
    })
  }
}
