import * as dagJson from '@ipld/dag-json'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { DEFAULT_LINK_CODECS, linksOf } from '../../src/gate/links.ts'
import { blockOf, leaf, node, value } from '../support/dag.ts'
import type { TestBlock } from '../support/dag.ts'

const links = ({ cid, bytes }: TestBlock): string[] => linksOf(DEFAULT_LINK_CODECS, cid, bytes).map(String)

describe('gate: links', () => {
  it('are found in each codec', async () => {
    const [a, b] = [await leaf('a'), await leaf('b')]
    const expected = [String(a.cid), String(b.cid)]

    expect(links(await node(a, b))).to.deep.equal(expected)
    expect(links(await value({ x: [a.cid], y: { z: b.cid }, n: 1, t: null, bytes: new Uint8Array(3) }))).to.have.members(expected)
    expect(links(await blockOf(dagJson.code, dagJson.encode({ x: [a.cid, { y: b.cid }] })))).to.have.members(expected)
    expect(links(a)).to.be.empty()
  })

  it('are not found in a block that does not match its codec, or has an unknown codec', async () => {
    expect(links(await blockOf(0x70, new Uint8Array([255, 255, 255])))).to.be.empty()
    expect(links(await blockOf(0x71, new Uint8Array([255])))).to.be.empty()
    expect(links(await blockOf(0x90, (await node(await leaf('a'))).bytes))).to.be.empty()
    expect(links(await blockOf(0x300539, new Uint8Array(9)))).to.be.empty()
  })

  it('are not found in a block that is nested a million levels deep', async () => {
    const deep = new Uint8Array(1_000_000).fill(0x81)

    expect(links(await blockOf(0x71, deep))).to.be.empty()
  })

  it('are found in an additional codec', async () => {
    const a = await leaf('a')
    const codecs = new Map([...DEFAULT_LINK_CODECS, [0x90, (bytes: Uint8Array) => [CID.decode(bytes)]] as const])
    const { cid, bytes } = await blockOf(0x90, a.cid.bytes)

    expect(linksOf(codecs, cid, bytes).map(String)).to.deep.equal([String(a.cid)])
  })
})
