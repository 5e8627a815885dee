import type { TargetInit } from '../targets/target.ts'
import type { ComponentLogger } from '@libp2p/interface'

/** What a discovery is told. */
export interface DiscoveryContext {
  readonly logger: ComponentLogger
  /** Aborts when the router stops. */
  readonly signal: AbortSignal
}

/**
 * A set of members that changes while the router runs. It stands among a router's
 * `targets`. The router adds members whose ids are new, and drains and removes those
 * that are missing; of one whose id it knows it takes over weight and labels where they
 * have changed.
 */
export interface Discovery {
  /** For logs. */
  readonly name: string
  /** Yields the whole set, first as soon as it is known, then whenever it has changed, until the signal aborts. */
  discover (context: DiscoveryContext): AsyncIterable<readonly TargetInit[]>
}

/** Whether an entry of a router's members finds members, and is not one itself. */
export function isDiscovery (target: TargetInit | Discovery): target is Discovery {
  return typeof target === 'object' && target != null && 'discover' in target
}
