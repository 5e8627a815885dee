/**
 * @packageDocumentation
 *
 * What `wantRouter` is composed of beside engine and driver, for a simulation that
 * composes it without libp2p: on a simulated clock, with other networks.
 */
export { createDirection } from './direction.ts'
export type { Direction, DirectionInit, DirectionParts } from './direction.ts'
export type { DownstreamPort, PeerSessions, PeerSessionsInit } from './driver/peer-sessions.ts'
export type { ConnectionState } from './network/connections.ts'
export { NotConnectedError } from './network/errors.ts'
export type { Exchange } from './network/exchange.ts'
export type { Network, NetworkInit } from './network/network.ts'
export { createNetworkStats } from './network/stats.ts'
export { createLocalClients } from './local/local-clients.ts'
export type { LocalClients, LocalClientsInit } from './local/local-clients.ts'
export type { Answer, SessionPort, Waiter } from './local/session.ts'
export type { ConnectedClients } from './reverse/connected-clients.ts'
export { createReverse } from './reverse/reverse.ts'
export type { Reverse, ReverseParts } from './reverse/reverse.ts'
export type { RemoveOptions } from './driver/member-targets.ts'
export { createRouterMembers } from './router-members.ts'
export type { RouterMembers, RouterMembersInit } from './router-members.ts'
export { createRouterNetworks } from './router-networks.ts'
export type { RouterNetworks, RouterNetworksInit } from './router-networks.ts'
export { peerIdFromString } from '@libp2p/peer-id'
export type { After } from './stall-grace.ts'
