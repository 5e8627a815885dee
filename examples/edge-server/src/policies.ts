import { denylist, quotas, urlList } from '@kitsune/want-router/policies'
import { ConfigError } from './errors.ts'
import type { Policy } from '@kitsune/want-router'
import type { Denylist, DenylistSource, Quotas, QuotasInit } from '@kitsune/want-router/policies'

/** Who is served what. */
export interface EdgePolicies {
  /** For the router, in this order. */
  readonly all: readonly Policy[]
  readonly quotas?: Quotas
  readonly denylist?: Denylist
}

export interface EdgePoliciesInit {
  readonly denylists: readonly DenylistSource[]
  /** The options of `quotas`, as JSON. */
  readonly quotas?: string
  onError? (error: Error): void
}

/** @throws {ConfigError} the quotas are not what they should be */
export function createPolicies ({ denylists, quotas: text, onError }: EdgePoliciesInit): EdgePolicies {
  const lists = denylists.length === 0 ? undefined : denylist({ lists: denylists, onError })
  const limits = text == null ? undefined : createQuotas(text)

  return { all: [lists, limits].filter(policy => policy != null), quotas: limits, denylist: lists }
}

/** The URLs of a list that is separated by commas or spaces. */
export function urlLists (text: string | undefined): DenylistSource[] {
  return (text ?? '').split(/[\s,]+/).filter(url => url !== '').map(url => urlList(url))
}

function createQuotas (text: string): Quotas {
  try {
    return quotas(JSON.parse(text) as QuotasInit)
  } catch (err) {
    throw new ConfigError(`the quotas are options as in {"perAddress": {"bytesPerHour": 1e10}, "maxMisses": 5000}: ${(err as Error).message}`)
  }
}
