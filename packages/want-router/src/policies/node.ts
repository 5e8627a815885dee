/**
 * @packageDocumentation
 *
 * Reads the lists of policies from files, which needs Node.js.
 */
export { fileList } from './denylist/file-list.ts'
