/**
 * @packageDocumentation
 *
 * What policies read from files, which needs Node.js.
 */
export { fileList } from './denylist/file-list.ts'
