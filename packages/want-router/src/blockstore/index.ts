/**
 * @packageDocumentation
 *
 * A router as an `interface-blockstore`, for everything that reads blocks from one: exporters,
 * CAR writers, Helia.
 *
 * @example
 * ```ts
 * import { exporter } from 'ipfs-unixfs-exporter'
 * import { routerBlockstore } from '@kitsune/want-router/blockstore'
 *
 * const entry = await exporter(cid, routerBlockstore(node.services.router))
 * ```
 */
export { routerBlockstore } from './blockstore.ts'
