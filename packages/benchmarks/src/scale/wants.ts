import { seededRandom } from '@kitsune/want-router/testing'
import type { WantEntry } from '@kitsune/bitswap-codec'

// CIDv1, raw, sha2-256 with 32 bytes of digest
const PREFIX = [0x01, 0x55, 0x12, 0x20]
const DIGEST = 32

/** Returns a function that makes wants for distinct blocks. The CIDs are random: the engine does not verify blocks, the driver does. */
export function createWants (seed = 1): (count: number) => WantEntry[] {
  const random = seededRandom(seed)

  function want (): WantEntry {
    const cid = new Uint8Array(PREFIX.length + DIGEST)
    const view = new DataView(cid.buffer)
    cid.set(PREFIX)

    for (let at = PREFIX.length; at < cid.length; at += 4) {
      view.setUint32(at, random() * 2 ** 32)
    }

    return { cid, priority: 1, cancel: false, wantType: 'block', sendDontHave: true }
  }

  return count => Array.from({ length: count }, want)
}
