/**
 * Admission: a new want is parked until policies have decided about it. An admitted
 * want-have that is upgraded stays a want-have until policies have decided about the
 * upgrade.
 *
 * A parked want is on its client's list: it counts towards the limit, can be evicted,
 * expires and ends like any other. Its fetch is a parked one, which is not asked of any
 * member. So cancels, full lists and silent connections take effect in the order of
 * arrival. A verdict names the number that the engine gave the want; a want that has
 * ended, or that asks for more by now, no longer has that number. A review asks policies
 * again about restricted wants; until they answer, the old verdict holds.
 */
import { multihashKey, wantKey } from '@kitsune/bitswap-codec'
import { headOf } from './cid-head.ts'
import { findWant } from './clients.ts'
import { sendAbsence } from './deliveries.ts'
import { createEligible, isSameEligible } from './eligibility.ts'
import { beginParked } from './fetches.ts'
import { endSuspended } from './suspended-wants.ts'
import { endWant } from './want-ends.ts'
import { newWant } from './want.ts'
import { clearDontHave, enterFetch, joinFetch, moveWant, renewWant, repeatWant, upgradeWant } from './wants.ts'
import type { NumberedVerdict, Output, VerdictAsk } from './io.ts'
import type { Client, ClientWant } from './model.ts'
import type { State } from './state.ts'
import type { Refusal } from '../policies/refusal.ts'
import type { AskType } from '../strategies/strategy.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** Parks a new want until policies have decided about it. */
export function parkWant (state: State, client: Client, key: WantKey, entry: WantEntry, connection: number | undefined): void {
  const head = headOf(entry.cid, key)
  const want = newWant(state, client, beginParked(state, key, head), head, entry, connection)
  joinFetch(state, want)
  askVerdict(state, want, want.type)
}

/** A client repeats a want: only what the want asks for in addition waits for a verdict. */
export function parkRepeat (state: State, want: ClientWant, entry: WantEntry, connection: number | undefined): void {
  const { fetch, awaits } = want
  const upgrade = entry.wantType === 'block' && want.type === 'have'

  if (fetch.state !== 'parked' && !upgrade) {
    repeatWant(state, want, entry, connection)

    return
  }

  renewWant(state, want, entry, connection)
  clearDontHave(state, want)

  if (upgrade && awaits?.type !== 'block') {
    want.blockAskedAt = state.now()
    askVerdict(state, want, 'block')
  }

  if (fetch.state === 'parked' && upgrade) {
    want.type = 'block'
  }
}

/** Reports the wants that have begun to wait for a verdict since the last flush. */
export function askVerdicts (state: State, out: Output): void {
  const { parked } = state

  for (const [id, asks] of parked.asks) {
    // some may have ended since
    const waiting = asks.filter(ask => isAwaited(state, id, ask))

    if (waiting.length > 0) {
      out.admit?.(id, waiting)
    }
  }

  parked.asks.clear()
}

/** Asks policies again about every restricted want; until they answer, the old verdict holds. */
export function reviewRestricted (state: State): void {
  for (const client of state.clients.values()) {
    for (const wants of [client.wants, client.suspended.values()]) {
      for (const want of wants) {
        if (want.only != null && want.awaits == null) {
          askVerdict(state, want, want.type, true)
        }
      }
    }
  }
}

/** Applies what policies have decided about a client's wants. */
export function onVerdicts (state: State, client: Client, verdicts: readonly NumberedVerdict[]): void {
  for (const numbered of verdicts) {
    const want = awaiting(client, numbered)

    if (want != null) {
      onVerdict(state, want, numbered.verdict)
    }
  }
}

/** Whether a want still waits for the verdict with that number. */
export function isAwaited ({ clients }: State, id: string, ask: Pick<VerdictAsk, 'number' | 'cid'>): boolean {
  const client = clients.get(id)

  return client != null && awaiting(client, ask) != null
}

/** The client's want, active or suspended, that waits for the verdict with that number. */
function awaiting (client: Client, { number, cid }: Pick<VerdictAsk, 'number' | 'cid'>): ClientWant | undefined {
  const key = wantKey(cid)
  const want = (key == null ? undefined : findWant(client, key, cid)) ?? client.suspended.get(multihashKey(cid))

  return want?.awaits?.number === number ? want : undefined
}

function onVerdict (state: State, want: ClientWant, verdict: NumberedVerdict['verdict']): void {
  if (typeof verdict === 'string' && verdict !== 'pass') {
    refuse(state, want, verdict)

    return
  }

  const only = verdict === 'pass' ? undefined : createEligible(verdict)
  const upgrade = want.awaits?.type === 'block' && want.type === 'have'
  want.awaits = undefined

  if (isSuspended(want)) {
    // the want resumes when its connection is heard again
    want.type = upgrade ? 'block' : want.type
    want.only = only
  } else if (want.fetch.state === 'parked') {
    enterFetch(state, want, only)
  } else if (upgrade) {
    upgradeWant(state, want, only)
  } else if (!isSameEligible(only, want.only)) {
    moveWant(state, want, only, want.type)
  }
}

/** Refuses a want. A client that has received HAVE gets no DONT_HAVE for a refused upgrade, since a HAVE is never taken back. */
function refuse (state: State, want: ClientWant, verdict: Refusal): void {
  const { client, cid } = want
  state.totals.refused++

  if (isSuspended(want)) {
    endSuspended(state, client, multihashKey(cid), 'refused', { verdict })
  } else {
    endWant(state, want, 'refused', { verdict })
  }

  if (verdict === 'absent' && want.sendDontHave && !want.haveSent) {
    sendAbsence(state, client, cid)
  } else if (verdict === 'close') {
    state.outbox.closing.set(client.id, { why: 'a policy keeps it out', unread: false })
  }
}

function isSuspended (want: ClientWant): boolean {
  return !want.client.wants.has(want)
}

function askVerdict ({ parked }: State, want: ClientWant, type: AskType, review = false): void {
  const { client, key, cid } = want
  const number = ++parked.lastNumber
  want.awaits = { number, type }
  const asks = parked.asks.get(client.id)
  const ask: VerdictAsk = { number, key, cid, type, ...(review ? { review } : {}) }

  if (asks == null) {
    parked.asks.set(client.id, [ask])
  } else {
    asks.push(ask)
  }
}
