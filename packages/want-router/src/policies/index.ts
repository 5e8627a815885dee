/**
 * @packageDocumentation
 *
 * Policies that many routers need: lists of blocks and clients that are not served, and limits on what clients may have. They run wherever
 * the router does.
 */
export { denylist } from './denylist/denylist.ts'
export type { Denylist, DenylistInit, DenylistStatus } from './denylist/denylist.ts'
export type { ListsInit, ListSource } from './lists/reloaded-lists.ts'
export { parseDenylist } from './denylist/parse-denylist.ts'
export type { ParsedDenylist } from './denylist/parse-denylist.ts'
export { DenyRules } from './denylist/deny-rules.ts'
export { storedDenylist } from './denylist/stored-denylist.ts'
export type { DenylistStore, StoredDenylistInit } from './denylist/stored-denylist.ts'
export { denylistEntries } from './denylist/denylist-entries.ts'
export type { DenylistEntries } from './denylist/denylist-entries.ts'
export { urlList } from './denylist/url-list.ts'
export type { UrlListInit } from './denylist/url-list.ts'
export { AccessListError, DenylistFormatError, DenylistUnavailableError } from '../errors.ts'
export { accessList } from './access/access-list.ts'
export type { AccessList, AccessListInit } from './access/access-list.ts'
export { parseAccessRules } from './access/access-rules.ts'
export type { AccessRules } from './access/access-rules.ts'
export { quotas } from './quotas/quotas.ts'
export type { ClientUsage, Quotas, QuotasInit } from './quotas/quotas.ts'
export type { Caps } from './quotas/meter.ts'
export { memoryQuotaStore } from './quotas/quota-store.ts'
export type { LeaseOptions, QuotaStore } from './quotas/quota-store.ts'
export { redisQuotaStore } from './quotas/redis-quota-store.ts'
export type { RedisCounters, RedisQuotaStoreInit } from './quotas/redis-quota-store.ts'
