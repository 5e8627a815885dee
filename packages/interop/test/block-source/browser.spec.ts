import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { seededBuffer } from '../../src/dag.ts'
import { needChromium } from '../../src/needs.ts'
import { bundlePage, runPage } from '../support/chromium-page.ts'
import { startCarOrigin } from './browser-origin.ts'
import type { CarOrigin } from './browser-origin.ts'
import type { PageResult, PageTask } from './browser-page.ts'

interface Block {
  readonly cid: CID
  readonly bytes: Uint8Array
}

async function makeBlock (length: number, seed: number): Promise<Block> {
  const bytes = seededBuffer(length, String(seed))

  return { cid: CID.createV1(0x55, await sha256.digest(bytes)), bytes }
}

/** A CARv1 without roots. */
function makeCar (blocks: readonly Block[]): Uint8Array {
  const varint = (value: number): number[] => value < 0x80 ? [value] : [value & 0x7f | 0x80, ...varint(value >>> 7)]

  return Buffer.concat([
    Buffer.from('11a265726f6f7473806776657273696f6e01', 'hex'),
    ...blocks.flatMap(({ cid, bytes }) => [Buffer.from(varint(cid.bytes.length + bytes.length)), cid.bytes, bytes])
  ])
}

describe('CARs on a web server, in Chromium', function () {
  this.timeout(120_000)

  let chromium: string
  let script: string
  let origin: CarOrigin

  before(async function () {
    chromium = needChromium(this, 'CARs on a web server, in Chromium')
    script = await bundlePage(new URL('./browser-page.ts', import.meta.url))
  })

  afterEach(async () => {
    await origin?.stop()
  })

  const openPage = async (task: PageTask): Promise<PageResult> => runPage(chromium, script, task)

  it('are read from another origin by ranges, and verified by the hash functions of the browser', async () => {
    const blocks = [await makeBlock(1000, 1), await makeBlock(0, 2), await makeBlock(300_000, 3), await makeBlock(10, 4)]
    const absent = await makeBlock(20, 5)
    const car = makeCar(blocks)
    const wrong = new Uint8Array(car)
    wrong[wrong.length - 1] ^= 1
    const base64 = blocks.map(({ bytes }) => Buffer.from(bytes).toString('base64'))
    const cids = [...blocks, absent].map(({ cid }) => cid.toString())

    origin = await startCarOrigin(new Map([['right.car', car], ['wrong.car', wrong]]))
    const right = await openPage({ url: origin.url, object: 'right.car', cids })
    // JSON has null in place of undefined
    expect(right.one).to.deep.equal([...base64, null])
    expect(right.many).to.deep.equal([...base64, null])
    expect(origin.asked.filter(range => !/^(?:bytes=\d+-\d+|OPTIONS)$/.test(range))).to.deep.equal([])

    const { one } = await openPage({ url: origin.url, object: 'wrong.car', cids })
    expect(one).to.deep.equal([...base64.slice(0, 3), 'HashMismatchError', null])
  })
})
