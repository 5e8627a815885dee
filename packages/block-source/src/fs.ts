/**
 * @packageDocumentation
 *
 * Stores that need Node.js: folders.
 */
export { folderMapStore } from './map/folder-map-store.ts'
export { fsStore } from './stores/fs.ts'
export type { FsStoreInit } from './stores/fs.ts'
