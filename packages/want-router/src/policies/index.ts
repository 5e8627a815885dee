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
export { quotas } from './quotas/quotas.ts'
export type { ClientUsage, Quotas, QuotasInit } from './quotas/quotas.ts'
export type { Caps } from './quotas/meter.ts'
export { memoryQuotaStore } from './quotas/quota-store.ts'
export type { LeaseOptions, QuotaStore } from './quotas/quota-store.ts'
