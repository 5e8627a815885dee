import { isIdentity } from '@kitsune/bitswap-codec'
import { broken } from '../errors.ts'
import { cidText, printCid } from '../scenario/blocks.ts'
import { EndModel } from './end-model.ts'
import type { EndEvent, WantedCid } from './end-model.ts'
import type { MemberModel } from './member-model.ts'
import type { Outgoing } from '@kitsune/bitswap-codec'
import type { Limits } from '@kitsune/want-router'
import type { EngineStatus, Input, WantEnd } from '@kitsune/want-router/engine'

/** Checks that the end of each want is reported once, when it ends, and is reported correctly. */
export class EndInvariants {
  readonly #members: MemberModel
  readonly #model: EndModel
  /** The ends that the flush reported. */
  #told: WantEnd[] = []

  constructor (members: MemberModel, limits: Limits, now: () => number) {
    this.#members = members
    this.#model = new EndModel(limits, now)
  }

  /** Called before or after the engine gets the input. */
  input (input: Input): void {
    this.#model.input(input)
  }

  take (client: string, message: Outgoing | undefined): void {
    for (const { cid, have } of message?.presences ?? []) {
      const one = this.#model.find(client, cid)

      // what happened since the last flush may have been before or after this was said
      if (one?.events.length === 0) {
        one.gotHave ||= have
        one.gotDontHave ||= !have
      }
    }
  }

  ended (ends: readonly WantEnd[]): void {
    this.#told.push(...ends)
  }

  /** Called after the other invariants of a flush, whose messages say more. */
  flushed ({ wants }: EngineStatus): void {
    const model = this.#model
    this.#sort(this.#told)
    this.#told = []

    for (const one of model.touched) {
      judge(one, this.#members)
      const state = nextState(one)
      one.begunAt = state === 'unknown' ? undefined : begins(one, state) ? beganAt(one) : one.begunAt
      one.gotHave &&= one.ends.length === 0
      one.gotDontHave &&= one.ends.length === 0

      if (state === 'unknown' || (state === 'suspended' && one.events.some(({ t }) => t === 'ask'))) {
        one.connection = undefined // an ask that was refused has not changed it
      }

      one.state = state
      model.settled(one)
    }

    model.touched.clear()

    for (const [id, { least }] of model.identities) {
      if (least > 0) {
        broken('ends', `${id.split(' ')[0]} asked for a block inside its CID, but no end was reported`)
      }
    }

    model.identities.clear()
    this.#expectAll(wants)
  }

  /** Assigns each end to its want. */
  #sort (ends: readonly WantEnd[]): void {
    for (const end of ends) {
      if (isIdentity(end.cid)) {
        this.#endIdentity(end)
        continue
      }

      const one = this.#model.find(end.client, end.cid)

      if (one == null) {
        broken('ends', `${end.client} does not want ${printCid(end.cid)}, but its end is reported (${end.outcome})`)
      }

      one.ends.push(end)
      this.#model.touched.add(one)
    }
  }

  /** Its block is in the CID: it is served at once, or there was no space. */
  #endIdentity ({ client, cid, outcome }: WantEnd): void {
    const { identities } = this.#model
    const id = `${client} ${cidText(cid)}`
    const { least, most } = identities.get(id) ?? { least: 0, most: 0 }

    if (most === 0 || (outcome !== 'block' && outcome !== 'refused')) {
      broken('ends', `${client} asked for ${printCid(cid)} ${most} times at most, but one more end is reported (${outcome})`)
    }

    identities.set(id, { least: least - 1, most: most - 1 })
  }

  /** Checks that the router keeps the wants that have not ended. */
  #expectAll (wants: number): void {
    let open = 0
    let unknown = 0

    for (const { state } of this.#model.all()) {
      open += state === 'open' ? 1 : 0
      unknown += state === 'unknown' ? 1 : 0
    }

    if (wants < open || wants > open + unknown) {
      broken('ends', `${open} wants have not ended and ${unknown} may have, but the router keeps ${wants}`)
    }
  }
}

/** Whether all events come from one input. */
function isOneInput ({ events }: WantedCid): boolean {
  return events.every(({ input }) => input === events[0].input)
}

function judge (one: WantedCid, members: MemberModel): void {
  const { client, cid, state, events, ends } = one
  const what = `${client} ${printCid(cid)}`
  const asks = events.reduce((sum, { t, times = 1 }) => t === 'ask' ? sum + times : sum, 0)
  const begun = asks + (state === 'absent' ? 0 : 1)

  if (ends.length > begun) {
    broken('ends', `${what} was wanted ${begun} times since the last flush, but its end is reported ${ends.length} times (${ends.map(({ outcome }) => outcome).join(', ')})`)
  }

  if (ends.length === 0 && mustEnd(one)) {
    broken('ends', `${what} has ended, but that is not reported`)
  }

  for (const end of ends) {
    const event = events.find(event => explains(event, end))

    if (event == null) {
      broken('ends', `${what} is reported to have ended (${end.outcome}, ${end.bytes} bytes of ${end.member ?? 'no member'}), but no event explains that`)
    }

    if (end.outcome === 'have' && !members.affirmed(one.key)) {
      broken('ends', `${what} is reported to have ended with a HAVE, but no member has said that it has the block`)
    }

    if (ends.length === 1 && isOneInput(one) && asks === 0) {
      expectExact(one, end, event)
    }
  }
}

/** The checks that are possible if one want has ended, and no other has begun meanwhile. */
function expectExact ({ client, cid, state, begunAt, gotHave, gotDontHave, sendDontHave }: WantedCid, { outcome, ms, firstAnswerMs = 0 }: WantEnd, { at }: EndEvent): void {
  const what = `${client} ${printCid(cid)} is reported to have ended (${outcome})`

  if (begunAt != null && ms !== at - begunAt) {
    broken('ends', `${what} after ${ms} ms, but was wanted for ${at - begunAt} ms`)
  }

  if (!(firstAnswerMs >= 0 && firstAnswerMs <= ms)) {
    broken('ends', `${what} after ${ms} ms, but was first answered after ${firstAnswerMs} ms`)
  }

  if (state === 'unknown' || outcome === 'block') {
    return
  }

  if (gotHave && outcome !== 'have') {
    broken('ends', `${what}, but the client got HAVE`)
  }

  if (gotDontHave && sendDontHave === true && outcome !== 'have' && outcome !== 'dont-have') {
    broken('ends', `${what}, but the client got DONT_HAVE`)
  }

  if (outcome === 'dont-have' && sendDontHave === false) {
    broken('ends', `${what}, but the client did not ask for DONT_HAVE`)
  }
}

function explains ({ outcomes, block }: EndEvent, { outcome, member, bytes }: WantEnd): boolean {
  return outcomes.includes(outcome) && (block == null ? bytes === 0 && member == null : block.member === member && block.bytes === bytes)
}

/** A want certainly existed, and something certainly ended it. */
function mustEnd ({ state, events }: WantedCid): boolean {
  let there = state === 'open' || state === 'suspended'
  let suspended = state === 'suspended'

  for (const { t, full } of events) {
    if ((there && t === 'close') || (suspended && full === true)) {
      return true
    }

    there ||= t === 'ask'
    suspended &&= t === 'may'
  }

  return false
}

/** A want that did not exist before exists now. */
function begins ({ state, ends }: WantedCid, next: WantedCid['state']): boolean {
  return next === 'open' && (state === 'absent' || ends.length > 0)
}

function beganAt ({ events, ends }: WantedCid): number | undefined {
  const asks = events.filter(({ t }) => t === 'ask')

  return asks.at(ends.length === 0 ? 0 : -1)?.at
}

/** Whether it is wanted now. */
function nextState (one: WantedCid): WantedCid['state'] {
  const { state, events, ends } = one

  if (ends.length === 0) {
    return events.reduce(untold, state)
  }

  const last = events.at(-1)?.t
  const asks = events.filter(({ t }) => t === 'ask')

  if (last === 'close' || asks.length === 0) {
    return 'absent'
  }

  if (isOneInput(one)) {
    return afterMessage(state, ends, asks[0])
  }

  // every want from before the last ask has ended, and nothing may have ended the one that began then
  const before = asks.length - 1 + (state === 'absent' ? 0 : 1)

  return last === 'ask' && state !== 'unknown' && ends.length === before ? 'open' : 'unknown'
}

/** After an event that ended nothing. */
function untold (state: WantedCid['state'], { t, cut }: EndEvent): WantedCid['state'] {
  switch (t) {
    case 'ask':
      return cut === true && (state === 'suspended' || state === 'unknown') ? 'unknown' : 'open'
    case 'close':
      return 'absent'
    case 'suspend':
      return state === 'open' ? 'suspended' : state
    case 'resume':
      return state === 'suspended' ? 'open' : state
    case 'doubt':
      return 'unknown'
    default:
      return state
  }
}

/** After a message that asks for it, and ended it or another of the same CID. */
function afterMessage (state: WantedCid['state'], ends: readonly WantEnd[], { full, cut, times = 1 }: EndEvent): WantedCid['state'] {
  if (times > 1 && ends.length < times + (state === 'absent' ? 0 : 1)) {
    return 'unknown'
  }

  switch (state) {
    case 'absent':
      return 'absent'
    case 'open': // evicted for another before its own round, and begun again; or after
      return ends.length > 1 ? 'absent' : 'unknown'
    case 'suspended':
      if (full === true) {
        return ends.length > 1 ? 'absent' : cut === true ? 'unknown' : 'open'
      }

      return ends[0].outcome === 'refused' ? 'suspended' : 'absent'
    default:
      return 'unknown'
  }
}
