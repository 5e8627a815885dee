import { checkLimits } from './check-limits.ts'
import { checkNames, checkNumbers } from './check-options.ts'
import { describe } from './describe.ts'
import { isDiscovery } from './discovery/discovery.ts'
import { InvalidOptionError } from './errors.ts'
import { checkHaveMap } from './have-map/have-map.ts'
import { DEFAULT_NETWORK_LIMITS, NETWORK_LIMIT_RULES } from './network/defaults.ts'
import { checkPolicies } from './policies/options.ts'
import { checkStrategy } from './strategies/check-strategy.ts'
import { checkTarget } from './targets/check-target.ts'
import type { DirectionOptions } from './direction.ts'
import type { Discovery } from './discovery/discovery.ts'
import type { BlockHasher } from './driver/verifier.ts'
import type { RouterEvent } from './events.ts'
import type { HaveMapInit } from './have-map/have-map.ts'
import type { NetworkComponents } from './network/components.ts'
import type { ReverseInit } from './reverse/reverse.ts'
import type { RouterNetworkLimits } from './router-networks.ts'
import type { TargetInit } from './targets/target.ts'
import type { Libp2p, Metrics, PeerId } from '@libp2p/interface'

/** The host that faces upstream, as libp2p hands it to its services. */
export type WantRouterComponents = NetworkComponents & {
  readonly peerId: PeerId
  readonly metrics?: Metrics
}

/** What a router asks, and how. */
export interface WantRouterInit extends DirectionOptions {
  /**
   * What is asked: peers (`kubo`, `peers`), block sources (`source`), or both, and sets of them that change (`dns`). More
   * can be added while the router runs; until there are any, wants wait.
   */
  readonly targets: ReadonlyArray<TargetInit | readonly TargetInit[] | Discovery>
  /**
   * A separate host for the downstream side; default: the upstream one. Needed
   * as soon as two workers share the public identity, since a node replies on
   * whichever connection of an identity it likes. The router neither starts nor
   * stops it; start it before the router.
   */
  readonly downstream?: Libp2p
  /**
   * Whether the downstream host says which peer it asks for, so that two routers that are each other's nodes recognise
   * each other; and whether this router says which routers it asks, so that a ring of them is recognised, and one of them
   * breaks it. False if the two sides are not to learn of one another. Default true.
   */
  readonly linkHosts?: boolean
  /**
   * Serves downstream peers, too: what they want is asked of clients. Each peer of a
   * single host is then either a node or a client: what a node wants goes this way
   * alone. Default: what downstream peers want is ignored, or, with a single host,
   * asked of members.
   */
  readonly reverse?: ReverseInit
  /** How streams and connections are used, and what peers may cost there: see `NetworkLimits`. Default: suited to the open internet. */
  readonly networkLimits?: RouterNetworkLimits
  /**
   * Reads which blocks members hold from the lists of those that have one, as nodes by their RPC (`kubo`), and asks those
   * first that hold a block, whatever the strategy. Lists may be wrong: a member whose list does not have a block is asked last, and
   * denies it itself. Default: no list is read.
   */
  readonly haveMap?: HaveMapInit
  /**
   * Calls once at the end of a tick, which is a pass of the event loop: then it is decided what follows from all that arrived
   * in it. Give `endOfTick.decide` of `@kitsune/host` where the hosts are made by it, so that what is decided is sent in the same
   * pass, with all else. Default: an immediate.
   */
  endOfTick? (run: () => void): void
  /** Default: the host's own. Given here alone, libp2p's tracking of every stream stays off. */
  readonly metrics?: Metrics
  /** Hash functions besides sha2-256, sha2-512 and identity. No target is asked for what cannot be verified, and the client gets DONT_HAVE. */
  readonly hashers?: readonly BlockHasher[]
  /**
   * Told as it happens what an operator should know: members that go and come, and
   * what block sources throw. The router itself prints nothing. It must not throw.
   */
  onEvent? (event: RouterEvent): void
}

const OPTIONS: Readonly<Record<keyof WantRouterInit, true>> = {
  targets: true,
  strategy: true,
  limits: true,
  tap: true,
  policies: true,
  policyFailure: true,
  downstream: true,
  linkHosts: true,
  reverse: true,
  networkLimits: true,
  haveMap: true,
  endOfTick: true,
  metrics: true,
  hashers: true,
  onEvent: true
}
const REVERSE_OPTIONS: Readonly<Record<keyof ReverseInit, true>> = { members: true, strategy: true, limits: true, tap: true, policies: true, policyFailure: true }
const SIDES: Readonly<Record<keyof RouterNetworkLimits, true>> = { upstream: true, downstream: true }

/**
 * Checks what a router is made with, and returns it with the limits that were given.
 *
 * @throws {InvalidOptionError} for anything that is not a target, strategy or policy, for policies whose names are not distinct, for an option or a
 * limit that does not exist, and a limit that is invalid
 */
export function checkInit (init: WantRouterInit): WantRouterInit {
  checkNames('wantRouter: ', init, Object.keys(OPTIONS))

  if (!Array.isArray(init.targets)) {
    throw new InvalidOptionError(`targets must be a list, as in [source(…), ...kubo([…])], not ${describe(init.targets)}`)
  }

  checkPolicies(init)
  checkPolicies(init.reverse ?? {})

  init.targets.flat().forEach((target, i) => {
    if (!isDiscovery(target)) {
      checkTarget(target, `targets[${i}]`)
    }
  })
  checkStrategy(init.strategy)

  if (init.haveMap != null) {
    checkHaveMap(init.haveMap)
  }

  return { ...init, limits: checkLimits('limits.', init.limits), networkLimits: checkNetworkLimits(init.networkLimits), reverse: checkReverse(init.reverse) }
}

function checkReverse (init: ReverseInit | undefined): ReverseInit | undefined {
  checkNames('reverse.', init, Object.keys(REVERSE_OPTIONS))

  return init == null ? undefined : { ...init, limits: checkLimits('reverse.limits.', init.limits) }
}

function checkNetworkLimits (given: RouterNetworkLimits = {}): RouterNetworkLimits {
  checkNames('networkLimits.', given, Object.keys(SIDES))
  const { upstream, downstream } = given

  return {
    upstream: checkNumbers('networkLimits.upstream.', upstream, DEFAULT_NETWORK_LIMITS, NETWORK_LIMIT_RULES),
    downstream: checkNumbers('networkLimits.downstream.', downstream, DEFAULT_NETWORK_LIMITS, NETWORK_LIMIT_RULES)
  }
}
