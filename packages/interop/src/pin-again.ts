import { delay } from './until.ts'
import type { Kubo } from './kubo.ts'

/** How long a client must want and receive nothing before it is told to pin again, ms. */
const FORGOTTEN = 3_000

/**
 * Has an old kubo pin. If it gets little CPU it forgets what it waits for:
 * its wantlist is empty while the pin goes on for ever, even if it asks another
 * kubo (seen with 0.24 in 3 of 7 pins over mplex and 4 of 14 over yamux, of 2,000
 * small blocks, on a busy machine). Only then it is told to pin again.
 *
 * @throws the error of `pin`, or the reason of the signal
 */
export async function pinAgain (client: Kubo, root: string, signal: AbortSignal): Promise<void> {
  for (let pinned = false; !pinned;) {
    const ended = new AbortController()
    const forgot = untilForgotten(client, ended.signal).then(() => false)
    const pin = client.pin(root, { signal: AbortSignal.any([ended.signal, signal]) }).then(() => true)

    try {
      pinned = await Promise.race([pin, forgot])
    } finally {
      ended.abort()
      await Promise.allSettled([pin, forgot])
    }
  }
}

/** Resolves when a client that is pinning wants nothing and receives nothing; or at the end of the signal. */
async function untilForgotten (client: Kubo, signal: AbortSignal): Promise<void> {
  let since = performance.now()

  for (let before = -1; performance.now() < since + FORGOTTEN && !signal.aborted;) {
    await delay(200)
    const [blocks, wants] = await Promise.all([client.blocksReceived(), client.wants()])

    if (blocks !== before || wants.length > 0) {
      since = performance.now()
    }

    before = blocks
  }
}
