/**
 * @packageDocumentation
 *
 * A bridge between a private swarm and nodes outside of it.
 */
export { startBridge } from './bridge.ts'
export type { Bridge, BridgeInit, Side } from './bridge.ts'
