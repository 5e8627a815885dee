/**
 * A client whose process was killed may reconnect while its old connection is still open
 * here. Probably nothing waits any more for the wants of the old connection: they are
 * suspended until the connection is heard again, and end with it.
 */
import { endSuspended, resumeWant, suspendWant } from './suspended-wants.ts'
import { endWant } from './want-ends.ts'
import type { Input } from './io.ts'
import type { Client } from './model.ts'
import type { State } from './state.ts'

/** A client's connection has fallen silent, is heard again, or is lost. */
export function onConnection (state: State, client: Client, connection: number, is: Extract<Input, { t: 'connection' }>['is']): void {
  if (is === 'heard') {
    resume(state, client, connection)

    return
  }

  for (const want of client.wants) {
    if (want.connection === connection) {
      if (is === 'silent') {
        suspendWant(state, want)
      } else {
        endWant(state, want, 'gone')
      }
    }
  }

  if (is === 'lost') {
    for (const [id, want] of client.suspended) {
      if (want.connection === connection) {
        endSuspended(state, client, id, 'gone')
      }
    }
  }
}

function resume (state: State, client: Client, connection: number): void {
  for (const [id, want] of client.suspended) {
    if (want.connection !== connection) {
      continue
    }

    if (client.wants.size < state.limits.wantsPerClient) {
      resumeWant(state, want)
    } else {
      state.totals.evicted++
      endSuspended(state, client, id, 'evicted')
    }
  }
}
