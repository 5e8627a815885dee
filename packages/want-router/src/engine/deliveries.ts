/**
 * What is sent to a client: it waits in the client's replies until the client's writer
 * takes it, and counts against the client until then.
 */
import { replyBytes } from './replies.ts'
import { giveRound } from './rounds.ts'
import type { Client, ClientWant } from './model.ts'
import type { Reply, Taken } from './replies.ts'
import type { State } from './state.ts'
import type { BitswapProtocol } from '@kitsune/bitswap-codec'

/** Sends HAVE; from then on this want never gets a DONT_HAVE. */
export function sendHave (state: State, want: ClientWant): void {
  sendPresence(state, want, true)
  want.haveSent = true
  state.totals.havesSent++
}

/** Sends DONT_HAVE to a client that asked for it. The want stays, for a late block. */
export function sendDontHave (state: State, want: ClientWant): void {
  if (want.sendDontHave) {
    sendPresence(state, want, false)
    state.totals.dontHavesSent++
  }

  want.dontHaveSent = true
}

/**
 * Sends DONT_HAVE for a want that was refused. As nothing else bounds how many of these
 * wait, none is added to a full window.
 */
export function sendAbsence (state: State, client: Client, cid: Uint8Array): void {
  const reply = { cid, have: false }

  if (client.replies.bytes + replyBytes(reply) <= state.limits.unsentPerClient) {
    enqueueReply(state, client, reply)
    state.totals.dontHavesSent++
  }
}

/** Takes back a presence that has not left yet, and what the want notes about it; undefined: there is none. */
export function retract (state: State, want: ClientWant): Reply | undefined {
  const { client, presence } = want

  if (presence == null || !client.replies.retract(presence)) {
    return
  }

  want.haveSent &&= !presence.have || presence.repeats === true
  want.dontHaveSent &&= presence.have
  freeMemory(state, replyBytes(presence))

  if (client.replies.size === 0) {
    state.unread.delete(client)
  }

  giveRound(state, client) // it may have held up other wants of the client

  return presence
}

/**
 * Sends a client the block. False: it would exceed the bytes that may wait unsent for all
 * clients, or, if no space was `reserved` for it in the client's window, for this client.
 * Then the client loses this copy and keeps its want, so that a client that does not read
 * costs no more than its window.
 */
export function sendBlock (state: State, client: Client, cid: Uint8Array, bytes: Uint8Array, reserved = false): boolean {
  const { unsentPerClient } = state.limits
  const unsent = client.replies.bytes
  const more = replyBytes({ cid, bytes })
  client.blockSize.sample(bytes.byteLength)

  if ((unsent > 0 && !reserved && unsent + more > unsentPerClient) || (state.unsent > 0 && state.unsent + more > state.limits.unsent)) {
    state.totals.copiesLost++
    // the block is asked for again when the window has capacity for its size
    client.blockSize.atLeast(bytes.byteLength)
    client.window.reset()

    return false
  }

  client.window.queued(bytes.byteLength, unsent, state.now())
  enqueueReply(state, client, { cid, bytes, have: true })
  state.totals.blocksSent++
  state.totals.bytesSent += bytes.byteLength

  return true
}

/** Takes the next message for a client. */
export function takeReplies (state: State, client: Client, maxBytes: number, protocol: BitswapProtocol): Taken | undefined {
  const now = state.now()
  const unsent = client.replies.bytes
  const message = client.replies.take(maxBytes, protocol)
  freeMemory(state, unsent - client.replies.bytes)

  if (message != null) {
    client.readAt = now
  }

  // a client that took something goes to the end of those that may be closed for taking nothing
  state.unread.delete(client)

  if (client.replies.size > 0) {
    state.unread.add(client)
  }

  client.window.taken(unsent - client.replies.bytes, client.replies.bytes, now)

  return message
}

/** Drops what a client that is gone did not take. */
export function dropReplies (state: State, client: Client): void {
  freeMemory(state, client.replies.bytes)
  state.unread.delete(client)
  state.outbox.readyClients.delete(client)
}

/** A want has at most one presence, which ends with it: so the limit of wants also bounds presences. */
function sendPresence (state: State, want: ClientWant, have: boolean): void {
  retract(state, want)
  want.presence = { cid: want.cid, have, repeats: have && want.haveSent }
  want.answeredAt ??= state.now()
  enqueueReply(state, want.client, want.presence)
}

function enqueueReply (state: State, client: Client, reply: Reply): void {
  if (client.replies.size === 0) {
    client.readAt = state.now()
    state.unread.add(client)
  }

  const before = client.replies.bytes
  client.replies.push(reply)
  state.unsent += client.replies.bytes - before
  state.outbox.readyClients.add(client)
}

function freeMemory (state: State, bytes: number): void {
  if (bytes > 0) {
    state.unsent -= bytes
    state.scheduler.memoryFreed = true
  }
}
