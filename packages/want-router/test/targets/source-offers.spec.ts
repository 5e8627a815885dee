import { expect } from 'aegir/chai'
import { settled } from './fixtures.ts'
import { blocks, nameOf, started } from './source-fixtures.ts'

const get = (): undefined => undefined

describe('source target: blocks of other members', () => {
  it('are offered to a source that takes them, and to no other', async () => {
    const seen: string[] = []
    const { target } = await started({ get, offer: ({ cid }) => { seen.push(nameOf(cid)) } })
    target.offer?.(blocks[0])
    expect(seen).to.deep.equal(['a'])

    for (const block of blocks) {
      target.offer?.(block)
    }

    expect(seen).to.have.lengthOf(1 + blocks.length)
    expect((await started({ get })).target.offer).to.equal(undefined)
  })

  it('are not offered while as many blocks or bytes are being stored as may be', async () => {
    const gates: Array<PromiseWithResolvers<void>> = []
    const { target } = await started({
      get,
      async offer () {
        const gate = Promise.withResolvers<void>()
        gates.push(gate)
        await gate.promise
      }
    })

    for (const block of blocks) {
      target.offer?.(block)
    }

    expect(gates).to.have.lengthOf(16)
    gates[0].resolve()
    await settled()
    const large = { ...blocks[0], bytes: new Uint8Array(5 << 20) }
    target.offer?.(large)
    expect(gates).to.have.lengthOf(17)
    gates[1].resolve()
    await settled()
    target.offer?.(large)
    expect(gates).to.have.lengthOf(17)
  })

  it('an offer that fails is reported, and fails nothing', async () => {
    const { target, sink } = await started({ get, offer: async () => { throw new Error('disk full') } })
    target.offer?.(blocks[0])
    await settled()
    const other = await started({ get, offer () { throw new Error('disk full') } })
    other.target.offer?.(blocks[0])
    await settled()
    expect([sink.events, other.sink.events]).to.deep.equal([['report: disk full'], ['report: disk full']])
  })
})
