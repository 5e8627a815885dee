import { accessList, denylist, quotas, storedDenylist, urlList } from '@kitsune/want-router/policies'
import { ConfigError } from './errors.ts'
import type { Policy } from '@kitsune/want-router'
import type { DenylistStore, ListSource, Quotas, QuotasInit, QuotaStore } from '@kitsune/want-router/policies'

/** The policies that decide which clients are served which blocks. */
export interface EdgePolicies {
  /** All policies for the router, in this order. */
  readonly all: readonly Policy[]
  readonly quotas?: Quotas
  /** The policies that read lists, and that read them again while they are started. */
  readonly reading: readonly ReadingPolicy[]
}

/** A policy that reads lists. */
export interface ReadingPolicy {
  /** Whether each of its lists has ever been read. */
  readonly loaded: boolean
  start (): Promise<void>
  refresh (): Promise<void>
  stop (): void
}

interface EdgePoliciesInit {
  /** Lists of clients and CIDs that are allowed or denied. */
  readonly access: readonly ListSource[]
  readonly denylists: readonly ListSource[]
  /** A store with a key for each denied block, and the filter of these keys. */
  readonly denylistStore?: DenylistStore
  /** The options of `quotas`, as JSON. */
  readonly quotas?: string
  /** Counts the quotas of several processes together. */
  readonly quotaStore?: QuotaStore
  onError? (error: Error): void
}

/** @throws {ConfigError} the quotas are invalid */
export function createPolicies ({ access, denylists, denylistStore, quotas: text, quotaStore, onError }: EdgePoliciesInit): EdgePolicies {
  const clients = access.length === 0 ? undefined : accessList({ lists: access, onError })
  const lists = denylists.length === 0 ? undefined : denylist({ lists: denylists, onError })
  const stored = denylistStore == null ? undefined : storedDenylist({ store: denylistStore, onError })
  const limits = text == null ? undefined : createQuotas(text, { store: quotaStore, onError: err => { onError?.(err instanceof Error ? err : new Error(String(err))) } })

  return {
    all: [clients, lists, stored, limits].filter(policy => policy != null),
    quotas: limits,
    reading: [clients, lists].filter(policy => policy != null)
  }
}

/** The URLs of a list that is separated by commas or spaces. Reading one that takes longer than `timeout`, ms, fails. */
export function urlLists (text: string | undefined, timeout: number): ListSource[] {
  return (text ?? '').split(/[\s,]+/).filter(url => url !== '').map(url => urlList(url, { timeout }))
}

function createQuotas (text: string, more: QuotasInit): Quotas {
  try {
    return quotas({ ...JSON.parse(text) as QuotasInit, ...more })
  } catch (err) {
    throw new ConfigError(`the quotas are options as in {"perAddress": {"bytesPerHour": 1e10}, "maxMisses": 5000}: ${(err as Error).message}`)
  }
}
