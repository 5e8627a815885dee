/**
 * @packageDocumentation
 *
 * A minimal bitswap client for programs and tests that fetch blocks from one peer,
 * and the reading of messages that it stands on.
 */
export { createBlockClient } from './block-client.ts'
export type { BlockClient, BlockClientInit } from './block-client.ts'
export * from './errors.ts'
export { receiveMessages } from './receive-messages.ts'
export type { MessageOrigin, ReceiveMessagesInit } from './receive-messages.ts'
export type { BitswapMessage, BitswapProtocol } from '@kitsune/bitswap-codec'
