/**
 * The deficits of deficit round robin: what a round brings a client, and what its
 * wants cost. `scheduler.ts` says when a round begins and ends.
 */
import type { Client, Fetch } from './model.ts'
import type { Scheduler } from './state.ts'

// bytes that a round brings a client; a client that wants larger blocks saves up over several rounds
const QUANTUM = 64 << 10
// bytes that a want costs at least, for the work that it causes
const LEAST_COST = 4 << 10

/** Begins a round, or continues one of this cycle that was not used up. */
export function beginRound (scheduler: Scheduler, client: Client): void {
  if (client.inRound) {
    return
  }

  client.inRound = true

  if (client.cycle === scheduler.cycle && client.spare > 0) {
    client.deficit += client.spare
  } else {
    scheduler.cycle = Math.max(scheduler.cycle, client.cycle + 1)
    client.cycle = scheduler.cycle
    client.deficit += QUANTUM
  }

  client.spare = 0
}

/** Whether the rest of a client's round pays for a want that is expected to bring this many bytes. */
export function canPay (client: Client, bytes: number): boolean {
  return client.deficit >= Math.max(LEAST_COST, bytes)
}

/** Charges the client of an attempt for the fetch that was just asked. */
export function pay ({ primary }: Fetch): void {
  if (primary != null) {
    primary.client.deficit -= Math.max(LEAST_COST, primary.reservedBytes)
  }
}

/** Ends the round of a client that has nothing left to ask: it keeps the rest for what it asks for in the same cycle. */
export function endRound (client: Client): void {
  client.spare = client.deficit
  client.deficit = 0
  client.inRound = false
}
