import { decodeCid } from '@kitsune/bitswap-codec'
import type { VerdictAsk } from '../engine/io.ts'
import type { Ask, Verdict } from '../policies/policy.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { CID } from 'multiformats/cid'

/** A want that policies are deciding about. */
export interface Case {
  readonly ask: Ask
  /** The engine's question about it. */
  readonly of: VerdictAsk
  /** Index of the policy that decides next. */
  at: number
  /** The members that earlier policies allow; undefined: all. */
  only: readonly string[] | undefined
  strict: boolean
  /** How many reviews of restricted wants had begun when the engine asked. */
  readonly reviews: number
}

/** Begins the case of one want: no policy has been asked yet. */
export function createCase (client: LocatedClient, of: VerdictAsk, reviews: number): Case {
  return { ask: new AskRecord(client, of), of, at: 0, only: undefined, strict: false, reviews }
}

/**
 * Notes what a policy has decided; undefined: the next policy decides. The first that refuses a
 * want decides; if several restrict it, the want may use the members that all of them allow.
 */
export function note (one: Case, verdict: Verdict): Verdict | undefined {
  one.at++

  if (verdict === 'pass') {
    return
  }

  if (typeof verdict === 'string') {
    return verdict
  }

  const { only, strict = false } = verdict
  one.only = one.only == null ? only : one.only.filter(id => only.includes(id))
  one.strict ||= strict

  return one.only.length === 0 ? 'silent' : undefined
}

/** The verdict of all policies together, when none has refused the want. */
export function sumOf ({ only, strict }: Case): Verdict {
  return only == null ? 'pass' : { only, strict }
}

/** A client and its address, which is looked up once, when the first policy reads it. */
export interface LocatedClient { readonly id: string, readonly address: string | undefined }

/** Makes a client whose address is looked up when it is first read. */
export function locatedClient (id: string, find: (client: string) => string | undefined): LocatedClient {
  let address: string | undefined
  let found = false

  return {
    id,
    get address () {
      if (!found) {
        found = true
        address = find(id)
      }

      return address
    }
  }
}

/** Makes what is expensive only when it is read. */
class AskRecord implements Ask {
  readonly #client: LocatedClient
  readonly #of: VerdictAsk
  #cid: CID | undefined

  constructor (client: LocatedClient, of: VerdictAsk) {
    this.#client = client
    this.#of = of
  }

  get client (): string { return this.#client.id }
  get address (): string | undefined { return this.#client.address }
  get key (): WantKey { return this.#of.key }
  get type (): Ask['type'] { return this.#of.type }
  get review (): boolean { return this.#of.review === true }

  get cid (): CID {
    this.#cid ??= decodeCid(this.#of.cid)

    if (this.#cid == null) {
      throw new TypeError('a want without a well-formed CID has no key, and policies are not asked about it')
    }

    return this.#cid
  }
}
