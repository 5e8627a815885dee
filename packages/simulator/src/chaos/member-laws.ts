import { printKey } from './blocks.ts'
import { broken } from './laws.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { Capacity, CancelledWant, Limits, Outcome, TargetWant } from '@kitsune/want-router'
import type { EngineStatus, Input } from '@kitsune/want-router/engine'

type Word = 'have' | 'dont-have' | 'unknown' | 'failed'

/** A member as an onlooker knows it: by what it was asked, what it said, and which attempts were observed. */
interface Seen {
  readonly id: string
  connected: boolean
  downSince: number
  capacity: Capacity
  /** The most it let us list in this life. */
  mostListed: number
  /** Attempts begun and not yet observed. */
  readonly open: Map<WantKey, TargetWant['type']>
  /** The wantlist that the member holds of ours, as kubo keeps one. */
  readonly list: Map<WantKey, TargetWant['type']>
  /** Its last word of each block, in its present life. */
  readonly words: Map<WantKey, Word>
}

/** The laws about members. */
export interface MemberLaws {
  /** To be called before the engine is told. */
  input (input: Input): void
  ask (member: string, wants: readonly TargetWant[]): void
  cancel (member: string, wants: readonly CancelledWant[]): void
  observe (outcome: Outcome): void
  flushed (status: EngineStatus): void
  /** Every configured member is certain that it lacks this block, or has been down for so long that it does not count. */
  certain (key: WantKey): boolean
  /** Some member has said that it has this block, or sent it. */
  affirmed (key: WantKey): boolean
  /** Somebody is being asked. */
  isOpen (key: WantKey): boolean
  /** Somebody has been asked, and has answered or not; or there is nobody to ask. */
  tried (key: WantKey): boolean
  /** Nobody waits for it any more: what was said of it is forgotten. */
  forget (key: WantKey): void
}

export function memberLaws (ids: readonly string[], limits: Limits, now: () => number): MemberLaws {
  const start = now()
  const members = new Map<string, Seen>(ids.map(id => [id, {
    id,
    connected: false,
    downSince: start,
    capacity: { wants: limits.wantsPerMember, bytes: limits.maxBytesPerMember, standing: limits.standingPerMember, supportsDontHave: true },
    mostListed: limits.standingPerMember,
    open: new Map(),
    list: new Map(),
    words: new Map()
  }]))
  const affirmed = new Set<WantKey>()
  const tried = new Set<WantKey>()
  /** Members asked for something new since the last flush, and those of them of which a block is expected: not where silence is as likely. */
  const asked = new Set<Seen>()
  const askedBlocks = new Set<Seen>()
  /** Hedges that ended before the flush that was to send them. */
  const neverSent = new Set<string>()
  /** The most that one want can be expected to bring. */
  let largest = limits.expectedBlock

  function find (id: string): Seen {
    return members.get(id) ?? broken('attempts', `there is no member ${id}`)
  }

  function say (member: Seen, key: WantKey, word: Word | 'block'): void {
    if (word === 'block' || word === 'have') {
      affirmed.add(key)
    }
    if (word === 'block') {
      member.list.delete(key)
      member.words.set(key, 'have')
      return
    }
    // that something went wrong says nothing of what was certain before, unless it was asked anew
    if (word === 'have' || word === 'dont-have' || member.open.has(key)) {
      member.words.set(key, word)
    }
    const listed = member.list.get(key)
    if (word === 'have' ? listed === 'have' : member.capacity.standing === 0 || (word !== 'dont-have' && member.open.has(key))) {
      member.list.delete(key)
    }
  }

  return {
    input (input) {
      switch (input.t) {
        case 'up': {
          const member = find(input.member)
          if (!member.connected) {
            member.words.clear()
            member.mostListed = 0
          }
          member.connected = true
          member.capacity = { ...member.capacity, ...input.capacity }
          member.mostListed = Math.max(member.mostListed, member.capacity.standing)
          break
        }
        case 'down': {
          const member = find(input.member)
          if (member.connected) {
            member.connected = false
            member.downSince = now()
            member.list.clear()
            member.words.clear()
          }
          break
        }
        case 'block':
          largest = Math.max(largest, input.bytes.byteLength)
          say(find(input.member), input.key, 'block')
          break
        case 'answer':
          say(find(input.member), input.key, input.answer)
          break
        default:
      }
    },

    ask (id, wants) {
      const member = find(id)
      if (!member.connected) {
        broken('attempts', `${id} is down and is asked for ${wants.length} wants`)
      }
      for (const { key, type } of wants) {
        const open = member.open.get(key)
        if (open != null && (open !== 'have' || type !== 'block')) {
          broken('attempts', `${id} is asked twice at a time for ${printKey(key)}`)
        }
        if (open == null) {
          asked.add(member)
          if (type === 'block' && member.capacity.supportsDontHave) {
            askedBlocks.add(member)
          }
        }
        member.open.set(key, type)
        member.list.set(key, type)
        tried.add(key)
      }
    },

    cancel (id, wants) {
      for (const { key } of wants) {
        find(id).list.delete(key)
      }
    },

    observe ({ member: id, want: { key }, result, hedge }) {
      if (find(id).open.delete(key)) {
        return
      }
      // a hedge that was answered before it was sent: once a turn
      const unsent = `${id} ${key}`
      if (!hedge || result !== 'cancelled' || neverSent.has(unsent)) {
        broken('attempts', `an attempt at ${id} for ${printKey(key)} is observed (${result}) that was not open`)
      }
      neverSent.add(unsent)
    },

    flushed ({ members: statuses }) {
      let bytes = 0
      for (const { id, load } of statuses) {
        const member = find(id)
        const { capacity, open, list } = member
        bytes += load.bytes
        if (load.wants !== open.size) {
          broken('attempts', `${id} has ${load.wants} wants open by its load, and ${open.size} attempts that were not observed`)
        }
        if (load.bytes < 0 || (load.wants === 0 && load.bytes !== 0)) {
          broken('windows', `${id} has ${load.bytes} expected bytes open for ${load.wants} wants`)
        }
        if (asked.has(member) && load.wants > capacity.wants) {
          broken('windows', `${id} has ${load.wants} wants open, its window holds ${capacity.wants}`)
        }
        // one that is alone may exceed it
        const blocks = [...open.values()].filter(type => type === 'block').length
        if (askedBlocks.has(member) && blocks > 1 && load.bytes > capacity.bytes) {
          broken('windows', `${id} has ${load.bytes} expected bytes open for ${load.wants} wants, its window holds ${capacity.bytes}`)
        }
        if (asked.has(member) && list.size > capacity.wants + member.mostListed) {
          broken('windows', `${id} holds ${list.size} wants of ours, and was to have at most ${capacity.wants} open and ${member.mostListed} listed`)
        }
      }
      // the last ask found room for a byte
      if (askedBlocks.size > 0 && bytes > limits.inFlight + largest) {
        broken('windows', `${bytes} expected bytes are open at all members, and were to be ${limits.inFlight}`)
      }
      asked.clear()
      askedBlocks.clear()
      neverSent.clear()
    },

    certain (key) {
      let dontHaves = 0
      for (const { connected, words, downSince } of members.values()) {
        if (connected && words.get(key) === 'dont-have') {
          dontHaves++
        } else if (connected || now() - downSince < limits.forgetDownAfter) {
          return false
        }
      }
      return dontHaves > 0
    },

    affirmed: key => affirmed.has(key),
    isOpen: key => [...members.values()].some(({ open }) => open.has(key)),
    tried: key => tried.has(key) || ![...members.values()].some(({ connected }) => connected),

    forget (key) {
      tried.delete(key)
      for (const { words } of members.values()) {
        words.delete(key)
      }
    }
  }
}
