/**
 * @packageDocumentation
 *
 * A server for the page. The page itself is bundled from src/page.
 */
export type { PreloadAddress } from './page/preload-address.ts'
export { startPageServer } from './server.ts'
export type { PageServer, PageServerInit } from './server.ts'
