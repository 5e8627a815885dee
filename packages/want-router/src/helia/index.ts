/**
 * @packageDocumentation
 *
 * A router as a block broker of Helia: what Helia's own blockstore lacks is asked of
 * the router's members.
 *
 * @example
 * ```ts
 * import { createHeliaLight } from 'helia'
 * import { routerBroker } from '@kitsune/want-router/helia'
 *
 * const helia = createHeliaLight({ blockBrokers: [routerBroker(node.services.router)] })
 * ```
 */
export { routerBroker } from './broker.ts'
export type { RetrieveOptions, RouterBroker } from './broker.ts'
