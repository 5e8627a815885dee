/**
 * @packageDocumentation
 *
 * A router as a block broker of Helia: Helia asks the router's members
 * for what its own blockstore does not have.
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
