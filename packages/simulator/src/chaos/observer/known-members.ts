import { broken } from '../errors.ts'
import { isVerifiable } from '../scenario/blocks.ts'
import type { MembersObserver } from '../membership.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { Limits } from '@kitsune/want-router'
import type { Input } from '@kitsune/want-router/engine'

interface KnownMember {
  /** Undefined while it is up. */
  downSince: number | undefined
  draining: boolean
  /** Whether the engine has reported that nothing is open at it while it drains. */
  drained: boolean
  /** The blocks for which it has answered DONT_HAVE since it came up. */
  readonly dontHaves: Set<WantKey>
}

interface KnownMembersInit {
  readonly ids: readonly string[]
  readonly limits: Pick<Limits, 'forgetDownAfter'>
  now (): number
}

/** The answers of members that clients may get, for any set of members that a want may use. */
export class KnownMembers implements MembersObserver {
  readonly #init: KnownMembersInit
  readonly #members = new Map<string, KnownMember>()
  /** Names that a member has or had, and what members of that name have claimed to have. */
  readonly #claims = new Map<string, Set<WantKey>>()
  /** Names of removed members, and until when they count. */
  readonly #departed = new Map<string, number>()
  #inputs = 0

  constructor (init: KnownMembersInit) {
    this.#init = init
    init.ids.forEach(id => { this.#add(id) })
  }

  input (input: Input): void {
    this.#inputs++

    if (!('member' in input)) {
      return
    }

    const { member: id } = input
    const member = this.#members.get(id)

    if (input.t === 'add') {
      this.#add(id)
    } else if (member != null) {
      this.#onMember(id, member, input)
    }
  }

  drained (id: string): void {
    const member = this.#members.get(id)

    if (member?.draining !== true) {
      broken('draining', `${id} is reported as drained, but does not drain`)
    }

    member.drained = true
  }

  isDrained (id: string): boolean {
    return this.#members.get(id)?.drained === true
  }

  expectIgnored (id: string, say: () => void): void {
    const before = this.#inputs
    say()

    if (this.#inputs !== before) {
      broken('generations', `${id} was removed, but a report of its target reaches the engine`)
    }
  }

  /** Whether some member that may be used, or one that had its name, has claimed to have it. */
  isClaimed (key: WantKey, only: readonly string[] | undefined): boolean {
    return [...only ?? this.#claims.keys()].some(id => this.#claims.get(id)?.has(key) === true)
  }

  /** Whether all members that may be used are certain not to have it: a draining member, and a name that is not a member, are never certain. */
  maySendDontHave (key: WantKey, only: readonly string[] | undefined): boolean {
    if (!isVerifiable(key)) {
      return true
    }

    if ([...only ?? this.#departed.keys()].some(id => this.#counts(id))) {
      return false
    }

    return [...only ?? this.#members.keys()].every(id => {
      const member = this.#members.get(id)

      if (member == null || member.draining) {
        return false
      }

      return member.downSince == null ? member.dontHaves.has(key) : this.#init.now() >= this.#forgottenAt(member.downSince)
    })
  }

  #add (id: string): void {
    this.#members.set(id, { downSince: this.#init.now(), draining: false, drained: false, dontHaves: new Set() })
    this.#claims.set(id, this.#claims.get(id) ?? new Set())
  }

  #onMember (id: string, member: KnownMember, input: Exclude<Extract<Input, { member: string }>, { t: 'add' }>): void {
    switch (input.t) {
      case 'remove':
        this.#members.delete(id)
        this.#departed.set(id, Math.max(this.#departed.get(id) ?? 0, this.#forgottenAt(member.downSince ?? this.#init.now())))
        break
      case 'update':
        member.draining = input.draining ?? member.draining
        member.drained &&= input.draining == null
        break
      case 'up':
        member.downSince = undefined
        break
      case 'down':
        member.downSince ??= this.#init.now()
        member.dontHaves.clear()
        break
      case 'block':
        this.#claims.get(id)?.add(input.key)
        break
      case 'answer':
        if (input.answer === 'have') {
          this.#claims.get(id)?.add(input.key)
        } else if (input.answer === 'dont-have') {
          member.dontHaves.add(input.key)
        }

        break
      default:
    }
  }

  /** Whether one that was removed and had that name counts as down. */
  #counts (id: string): boolean {
    return this.#init.now() < (this.#departed.get(id) ?? -Infinity)
  }

  #forgottenAt (downSince: number): number {
    return downSince + this.#init.limits.forgetDownAfter
  }
}
