/**
 * @packageDocumentation
 *
 * Policies that many routers need: lists of what is not to be served, and limits of what clients may have. They run wherever
 * the router does.
 */
export { denylist } from './denylist/denylist.ts'
export type { Denylist, DenylistInit, DenylistSource, DenylistStatus } from './denylist/denylist.ts'
export { parseDenylist } from './denylist/parse-denylist.ts'
export type { ParsedDenylist } from './denylist/parse-denylist.ts'
export { DenyRules } from './denylist/deny-rules.ts'
export { urlList } from './denylist/url-list.ts'
export type { UrlListInit } from './denylist/url-list.ts'
export { DenylistFormatError, DenylistUnavailableError } from '../errors.ts'
