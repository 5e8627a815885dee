/** Clients: what the engine keeps for each, their lists of wants, and whether more may be asked for them. */
import { headOf } from './cid-head.ts'
import { BLOCK_OVERHEAD, createReplies } from './replies.ts'
import { giveRound, leaveRounds } from './rounds.ts'
import { readWindow, sizeEstimate } from './windows.ts'
import type { Client, ClientWant, Fetch } from './model.ts'
import type { State } from './state.ts'
import type { Limits } from '../defaults.ts'
import type { AskType } from '../strategies/strategy.ts'
import type { WantKey } from '@kitsune/bitswap-codec'

/** Makes a client without wants. */
export function createClient (id: string, limits: Limits): Client {
  return {
    id,
    timer: undefined,
    timerOrder: 0,
    line: undefined,
    place: 0,
    ahead: undefined,
    behind: undefined,
    member: undefined,
    wants: new Set(),
    wantsByKey: new Map(),
    suspended: new Map(),
    queue: new Set(),
    backlogs: new Map(),
    askAgain: undefined,
    deficit: 0,
    cycle: 0,
    spare: 0,
    inRound: false,
    passedOverBy: undefined,
    replies: createReplies(),
    openAt: new Map(),
    inFlight: 0,
    stalledBytes: 0,
    window: readWindow(limits),
    blockSize: sizeEstimate(limits.expectedBlock),
    readAt: 0,
    heardAt: 0,
    brought: 0,
    broughtAfter: 0
  }
}

/**
 * Whether one more want may be asked for this client: its unsent bytes and those in
 * flight fit its window, and the bytes left for all clients. A client that does not read
 * is held up here. Wants open at stalled members have a window of their own: otherwise
 * one stalled member could hold up everything.
 *
 * No client may hold more than it leaves to others (dynamic thresholds, Choudhury and
 * Hahne 1998): a single client has its whole window; many clients that do not read have
 * equal parts, and as much is left for the next client.
 */
export function hasWindow (state: State, client: Client): boolean {
  const unsent = client.replies.bytes
  const left = unsentLeft(state)
  const block = client.blockSize.bytes

  // counted as it will be on arrival: a block that does not fit then is lost, and has to be asked for again
  if (unsent >= state.limits.unsentPerClient || (block + BLOCK_OVERHEAD > left && left < state.limits.unsent)) {
    return false
  }

  const window = Math.min(client.window.size, left)
  const pending = unsent + client.inFlight - Math.min(client.stalledBytes, window)

  return pending <= 0 || pending + block <= window
}

/** Bytes that may still wait for clients once everything in flight has arrived. */
function unsentLeft (state: State): number {
  return state.limits.unsent - state.unsent - state.inFlight
}

/**
 * Whether nothing is unsent or in flight for a client: if its window is full all the same, only what happens
 * to other clients can wake it.
 */
export function isIdle (client: Client): boolean {
  return client.replies.size === 0 && client.inFlight === 0
}

/** The bytes that an answer is expected to bring: none where the member may stay silent. */
export function expectedBytes (type: AskType, { size }: Pick<Fetch, 'size'>, client: Client, supportsDontHave = true): number {
  return type === 'have' || !supportsDontHave ? 0 : size ?? client.blockSize.bytes
}

/** The client's want for exactly that CID. */
export function findWant (client: Client, key: WantKey, cid: Uint8Array): ClientWant | undefined {
  const first = client.wantsByKey.get(key)
  const head = first == null ? '' : headOf(cid, key)

  for (let want = first; want != null; want = want.sibling) {
    if (want.head === head) {
      return want
    }
  }
}

/** Puts a want on its client's list. */
export function addWant (state: State, want: ClientWant): void {
  const { client } = want
  want.sibling = client.wantsByKey.get(want.key)
  client.wantsByKey.set(want.key, want)
  client.wants.add(want)
  state.wants++

  if (client.wants.size === 1) {
    state.clientTimers.touch(client)
  }
}

/** Takes a want off its client's list. */
export function removeWant (state: State, want: ClientWant): void {
  const { client, key } = want
  const head = client.wantsByKey.get(key)

  if (head === want) {
    if (want.sibling == null) {
      client.wantsByKey.delete(key)
    } else {
      client.wantsByKey.set(key, want.sibling)
    }
  } else {
    for (let at = head; at != null; at = at.sibling) {
      if (at.sibling === want) {
        at.sibling = want.sibling
        break
      }
    }
  }

  want.sibling = undefined
  client.wants.delete(want)

  if (client.queue.delete(want) && client.line === state.scheduler.needBytes) {
    wakeIfNoBytes(state, client)
  }

  state.wants--
}

/** A client in line for bytes has lost a queued want: if its next one brings no bytes, it leaves that line. */
function wakeIfNoBytes (state: State, client: Client): void {
  const [first] = client.queue

  if (first == null || first.fetch.type === 'have') {
    leaveRounds(state, client)
    giveRound(state, client)
  }
}
