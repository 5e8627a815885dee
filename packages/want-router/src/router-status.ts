import type { EngineStatus, MemberStatus } from './engine/status.ts'
import type { MemberError } from './events.ts'
import type { ListStatus, MappedBlocks } from './have-map/have-map.ts'
import type { NetworkComponents } from './network/components.ts'
import type { NetworkStats } from './network/stats.ts'
import type { PolicyStatus } from './policies/policy.ts'
import type { LocatedPeer } from './targets/target.ts'

/** A member, and what is known of it beyond the engine. */
export interface RouterMemberStatus extends MemberStatus {
  /** Since when it is in its state, ms since 1970. */
  readonly since: number
  /** What it last reported going wrong; it stays when the member is well again. */
  readonly lastError?: MemberError
  /** The peer behind the member, once it has been located; none for a block source. */
  readonly peer?: string
  /** Where that peer is dialled, best first. */
  readonly addresses?: readonly string[]
  /** Where it is connected now. */
  readonly connectedTo?: readonly string[]
  /** What its list of blocks came to, with a `haveMap` and once it has been read. */
  readonly haveMap?: MappedBlocks
  /** Why its list could not be read, until it can. */
  readonly haveMapError?: MemberError
}

/** A snapshot of a router. */
export interface RouterStatus extends EngineStatus {
  readonly ready: boolean
  readonly members: readonly RouterMemberStatus[]
  readonly network: NetworkStats
  /** In the order in which they are asked. */
  readonly policies: readonly PolicyStatus[]
}

/** What is known of a member's blocks, as a status shows it. */
export function listOf ({ mapped, error }: ListStatus): Pick<RouterMemberStatus, 'haveMap' | 'haveMapError'> {
  return {
    ...(mapped == null ? {} : { haveMap: mapped }),
    ...(error == null ? {} : { haveMapError: error })
  }
}

/** Where a member is, as a status shows it; `located`: where it was last found. */
export function placeOf (located: LocatedPeer | undefined, connections: Pick<NetworkComponents['connectionManager'], 'getConnections'>): Pick<RouterMemberStatus, 'peer' | 'addresses' | 'connectedTo'> {
  return located == null
    ? {}
    : {
        peer: located.peer.toString(),
        addresses: located.addresses.map(String),
        connectedTo: connections.getConnections(located.peer).map(({ remoteAddr }) => remoteAddr.toString())
      }
}
