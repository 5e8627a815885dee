import { wantKey } from '@kitsune/bitswap-codec'
import { broken } from '../errors.ts'
import { printCid } from '../scenario/blocks.ts'
import type { KnownMembers } from './known-members.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** The members that a want may use; undefined: all. */
export type Only = readonly string[] | undefined

/** What may be said of wants that a policy decides of, each by its name. */
export class PresenceRules {
  readonly #members: KnownMembers
  /** DONT_HAVEs that may be said of what was refused. */
  readonly #absent = new Map<string, number>()
  /** Restrictions under which each want was ever admitted. */
  readonly #ever = new Map<string, Set<Only>>()
  /** Wants of which DONT_HAVE could be said at some moment since their client came. */
  readonly #denied = new Set<string>()

  constructor (members: KnownMembers) {
    this.#members = members
  }

  /** It was refused, and its client is to be told DONT_HAVE. */
  absent (name: string): void {
    this.#absent.set(name, (this.#absent.get(name) ?? 0) + 1)
  }

  admitted (name: string, only: Only): void {
    this.#ever.set(name, (this.#ever.get(name) ?? new Set()).add(only))
  }

  wasAdmitted (name: string): boolean {
    return this.#ever.has(name)
  }

  /** The engine says DONT_HAVE at the moment in which it learns the last of what it takes. */
  noteDenied (name: string, key: WantKey, only: Only): void {
    if (!this.#denied.has(name) && this.#members.mayDeny(key, only)) {
      this.#denied.add(name)
    }
  }

  expect (name: string, cid: Uint8Array, have: boolean): void {
    const key = wantKey(cid) ?? ''
    const what = `${name.split(' ')[0]} gets ${have ? 'HAVE' : 'DONT_HAVE'} ${printCid(cid)}`

    if (have) {
      if (![...this.#ever.get(name) ?? []].some(only => this.#members.isClaimed(key, only))) {
        broken('promise', `${what}, which no member that it may use has claimed to have`)
      }

      return
    }

    if (this.#denied.has(name)) {
      return
    }

    const absent = this.#absent.get(name) ?? 0

    if (absent === 0) {
      broken('denial', `${what}, of which some member that it may use has said nothing`)
    }

    this.#absent.set(name, absent - 1)
  }

  forgetClient (client: string): void {
    for (const names of [this.#absent, this.#ever, this.#denied]) {
      for (const name of names.keys()) {
        if (name.startsWith(`${client} `)) {
          names.delete(name)
        }
      }
    }
  }
}
