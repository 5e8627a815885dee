import { expect } from 'aegir/chai'
import { createOutbox } from '../../src/engine/outbox.ts'
import { testBlock } from './harness.ts'
import type { Output } from '../../src/engine/io.ts'
import type { Recipient } from '../../src/engine/outbox.ts'
import type { TargetWant } from '../../src/targets/target.ts'

describe('what the next flush says to a member', () => {
  for (const count of [3, 40]) {
    it(`has no asks that were taken back, and has those that were added again last: ${count} fetches`, () => {
      const outbox = createOutbox<Recipient, { id: string }>()
      const member: Recipient = { id: 'a', batch: undefined }
      const fetches = Array.from({ length: count }, (_, i) => testBlock(i))
      const asked: string[] = []

      const ask = ({ key, cid }: typeof fetches[number], priority: number): void => {
        outbox.enqueue(member, fetches[priority], { key, cid, type: 'block', priority } as unknown as TargetWant)
      }

      fetches.forEach(ask)
      expect(outbox.dequeue(member, fetches[1])).to.be.true()
      expect(outbox.dequeue(member, fetches[1]), 'it has been taken back').to.be.false()
      ask(fetches[1], 1)

      outbox.empty({ ask: (_: string, wants: readonly TargetWant[]) => { asked.push(...wants.map(({ key }) => key)) } } as unknown as Output)

      expect(asked).to.deep.equal([...fetches.filter((_, i) => i !== 1), fetches[1]].map(({ key }) => key))
    })
  }
})
