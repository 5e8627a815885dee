/**
 * @packageDocumentation
 *
 * Leaves data at preload nodes, for Helia and anything else that serves blocks over
 * bitswap, in Node.js and in browsers.
 */
export { InvalidOptionError, PreloadError } from '../errors.ts'
export type { LinkCodecs, ReadLinks } from '../gate/links.ts'
export type { Timers } from '../timers.ts'
export type { BlockReader } from './count-blocks.ts'
export { preload, preloadClient } from './preload.ts'
export type { PreloadClient, PreloadClientOptions, PreloadNode, Preloaded, PreloadingNode } from './preload.ts'
