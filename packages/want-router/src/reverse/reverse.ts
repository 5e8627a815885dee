import { DEFAULT_REVERSE_LIMITS } from '../defaults.ts'
import { createDirection } from '../direction.ts'
import { createConnectedClients } from './connected-clients.ts'
import { createMemberTotals } from './member-totals.ts'
import type { ConnectedClients } from './connected-clients.ts'
import type { Limits } from '../defaults.ts'
import type { DirectionOptions, DirectionParts } from '../direction.ts'
import type { Driver } from '../driver/driver.ts'
import type { PeerSessions } from '../driver/peer-sessions.ts'
import type { EngineStatus, MemberStatus } from '../engine/status.ts'
import type { RouterEvent } from '../events.ts'
import type { Network } from '../network/network.ts'
import type { PolicyStatus } from '../policies/policy.ts'
import type { ComponentLogger, PeerId } from '@libp2p/interface'

/** How downstream peers are served by clients. Policies decide of what these peers want, and name clients by their peer ids. */
export interface ReverseInit extends DirectionOptions {
  /**
   * Who is asked: clients that are registered, or all that are connected. A want is asked of one client after another,
   * and each that joins or leaves costs time in proportion to their number, so all is for few. Default `registered`.
   */
  readonly members?: 'registered' | 'connected'
  /** Overrides of `DEFAULT_LIMITS`, and of `DEFAULT_REVERSE_LIMITS`. */
  readonly limits?: Partial<Limits>
}

/** A snapshot of the second direction. */
export interface ReverseStatus extends EngineStatus {
  /** In the order in which they are asked. */
  readonly policies: readonly PolicyStatus[]
}

/** What is asked of clients for downstream peers. */
export interface ReverseDirection {
  /**
   * From now on, and while it is connected, the client is asked for what downstream peers want; the result takes that
   * back. The client joins the others while it is registered at least once. One that is a member itself, or says that it
   * stands for one, is not asked in this direction.
   */
  register (client: PeerId): () => void
  /** As `router.status()`: its clients are downstream peers, and its members are clients, named by their peer ids. */
  status (): ReverseStatus
}

/** The second direction of a router, and what carries it. */
export interface Reverse extends ReverseDirection {
  readonly driver: Driver
  readonly sessions: PeerSessions
  readonly clients: ConnectedClients
  /** Whether what the peer wants is looked for. */
  serves (peer: string): boolean
  /** Whether the peer has asked for something. */
  knows (peer: string): boolean
  /** As the router's, of a peer that may be a client or a member here. */
  idleFor (peer: string): number | undefined
  /** All members as one, with all that those did that have left. */
  summary (): MemberStatus
  /** Ends the connections of a downstream peer. */
  hangUp (peer: string): void
  /** Serves those that have asked before. */
  drain (): void
  stop (): Promise<void>
  /** As the engine's. */
  checkInvariants (): void
}

/** What the reverse direction shares with the forward one. */
export interface ReverseParts extends DirectionParts {
  readonly init: ReverseInit
  readonly logger: ComponentLogger
  upstream (): Network
  downstream (): Network
  /** The peer is asked by the other engine. */
  isNode (peer: string): boolean
  /** Ends the connections of a downstream peer. */
  hangUp (peer: string): void
  /** Where a downstream peer is connected from, for policies. Default: it is not known. */
  address? (peer: string): string | undefined
  /** As the router's: told of strategies and policies that fail. */
  onEvent? (event: RouterEvent): void
}

/** An engine whose clients are downstream peers and whose members are clients of the other one. */
export function createReverse (parts: ReverseParts): Reverse {
  const { init, logger, upstream, downstream, isNode, hangUp, address, onEvent, timers } = parts
  const log = logger.forComponent('kitsune:router:reverse')
  const totals = createMemberTotals()
  let draining = false

  const { engine, driver, sessions } = createDirection({
    ...parts,
    options: { ...init, limits: { ...DEFAULT_REVERSE_LIMITS, ...init.limits } },
    members: [],
    log,
    onEvent (event) {
      // that clients join and leave is nothing that an operator should know
      if (event.type === 'strategy-error' || event.type === 'policy-error') {
        onEvent?.(event)
      }
    },
    upstream: {
      wake: peer => { downstream().wake(peer) },
      disconnect: hangUp,
      address
    },
    downstream: {
      connect: async (peer, _addresses, signal) => upstream().open(peer.toString(), signal),
      wake: peer => { upstream().wake(peer) },
      // a client stays connected when it is not asked any more
      disconnect () {}
    }
  })
  const clients = createConnectedClients({
    driver,
    sessions,
    all: init.members === 'connected',
    isNode,
    wake: peer => { upstream().wake(peer) },
    leaving: peer => { totals.left(engine.member(peer)) },
    log,
    timers
  })

  const knows = (peer: string): boolean => engine.idleFor(peer) !== Infinity

  return {
    driver,
    sessions,
    clients,
    knows,
    hangUp,
    register: client => clients.register(client.toString()),
    status: () => ({ ...engine.status(), policies: driver.policies() }),
    // the engine would have those that it does not know disconnected, and they are asked by the other one
    serves: peer => !draining || knows(peer),
    idleFor: peer => sessions.has(peer) && (engine.member(peer)?.load.wants ?? 0) > 0 ? undefined : engine.idleFor(peer),
    summary: () => totals.summary(engine.status().members),
    drain () { draining = true },
    checkInvariants () { engine.checkInvariants() },

    async stop () {
      clients.stop()
      await driver.stop()
    }
  }
}
