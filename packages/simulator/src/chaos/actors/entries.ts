import { identityCid } from '../scenario/blocks.ts'
import type { Dice } from '../scenario/dice.ts'
import type { WantEntry } from '@kitsune/bitswap-codec'

/** Makes the entry that cancels a want. */
export function cancelOf (cid: Uint8Array): WantEntry {
  return { cid, wantType: 'block', priority: 0, cancel: true, sendDontHave: false }
}

/** Entries for which no member can be asked: CIDs that are malformed or contain their block. */
export function oddWants ({ chance, int, pick }: Dice): WantEntry[] {
  const wantBlock = { wantType: 'block', priority: 1, cancel: false, sendDontHave: true } as const
  const identity = (length: number): WantEntry => ({ ...wantBlock, cid: identityCid(Array.from({ length }, () => int(0, 255))) })
  const malformed = pick([new Uint8Array(200).fill(1), new Uint8Array(), Uint8Array.of(7, 7)])

  return pick([
    [identity(3)],
    Array.from({ length: pick([1, 60]) }, () => identity(0)),
    [{ ...wantBlock, cid: malformed, cancel: chance(0.2) }]
  ])
}
