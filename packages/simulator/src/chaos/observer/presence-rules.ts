import { wantKey } from '@kitsune/bitswap-codec'
import { broken } from '../errors.ts'
import { printCid } from '../scenario/blocks.ts'
import type { KnownMembers } from './known-members.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** The members that a want may use; undefined: all. */
export type Only = readonly string[] | undefined

/** The presences that may be sent for wants on which a policy decides; each want has a name. */
export class PresenceRules {
  readonly #members: KnownMembers
  /** DONT_HAVEs that may be sent for refused wants. */
  readonly #absent = new Map<string, number>()
  /** The restrictions under which each want was ever admitted. */
  readonly #ever = new Map<string, Set<Only>>()
  /** Wants for which a DONT_HAVE was right at some moment since their client came. */
  readonly #dontHaves = new Set<string>()

  constructor (members: KnownMembers) {
    this.#members = members
  }

  /** It was refused, and its client must get DONT_HAVE. */
  absent (name: string): void {
    this.#absent.set(name, (this.#absent.get(name) ?? 0) + 1)
  }

  admitted (name: string, only: Only): void {
    this.#ever.set(name, (this.#ever.get(name) ?? new Set()).add(only))
  }

  wasAdmitted (name: string): boolean {
    return this.#ever.has(name)
  }

  /** Records that a DONT_HAVE is right now: the engine sends one when it learns the last answer that it needs. */
  noteDontHave (name: string, key: WantKey, only: Only): void {
    if (!this.#dontHaves.has(name) && this.#members.maySendDontHave(key, only)) {
      this.#dontHaves.add(name)
    }
  }

  expect (name: string, cid: Uint8Array, have: boolean): void {
    const key = wantKey(cid) ?? ''
    const what = `${name.split(' ')[0]} gets ${have ? 'HAVE' : 'DONT_HAVE'} ${printCid(cid)}`

    if (have) {
      if (![...this.#ever.get(name) ?? []].some(only => this.#members.isClaimed(key, only))) {
        broken('have', `${what}, but no member that it may use has claimed to have it`)
      }

      return
    }

    if (this.#dontHaves.has(name)) {
      return
    }

    const absent = this.#absent.get(name) ?? 0

    if (absent === 0) {
      broken('dont-have', `${what}, but some member that it may use has not answered`)
    }

    this.#absent.set(name, absent - 1)
  }

  forgetClient (client: string): void {
    for (const names of [this.#absent, this.#ever, this.#dontHaves]) {
      for (const name of names.keys()) {
        if (name.startsWith(`${client} `)) {
          names.delete(name)
        }
      }
    }
  }
}
