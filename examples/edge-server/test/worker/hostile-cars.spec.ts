import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createHost } from '@kitsune/host/node'
import { createBlockClient } from '@kitsune/want-router/client'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { startLocalWorker } from '../../src/local/local-worker.ts'
import { blockOf, carOf } from '../support/cars.ts'
import type { LocalWorker } from '../../src/local/local-worker.ts'
import type { TestBlock } from '../support/cars.ts'
import type { BlockClient } from '@kitsune/want-router/client'
import type { Libp2p } from '@libp2p/interface'

/** The beginnings of sections to which an index leads. */
const HOSTILE = {
  'a section of 2^40 bytes': '808080808020',
  'a length that does not end': 'ffffffffffffffffffff01',
  'a digest of 4 GiB': '26015512ffffffff0f',
  'a CID that is longer than its section': '1001551220',
  'a section of 4 MiB and a byte': '8180800201551220',
  'a section without a CID': '00',
  'another block': '2501551204deadbeef'
}
/** How many blocks the index locates at each of them. */
const EACH = 10
/** An offset beyond any CAR, and one that is not valid. */
const OFFSETS = [1n << 40n, (1n << 64n) - 1n]
const CAR_CODEC = 0x0202

describe('the Worker over CARs and indexes that lie', function () {
  this.timeout(60_000)

  let folder: string
  let good: TestBlock[]
  let wanted: CID[]
  let worker: LocalWorker
  let host: Libp2p
  let client: BlockClient

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-edge-'))
    good = await Promise.all(['the root', 'below the root'].map(blockOf))
    const head = carOf(good)
    const sections = Object.values(HOSTILE).map(hex => Buffer.from(hex.padEnd(128, '0'), 'hex'))
    const offsets = [...sections.map((_, i) => BigInt(head.length + i * sections[0].length)), OFFSETS[0]]
    const digests = await Promise.all(Array.from({ length: EACH * offsets.length }, async (_, i) => blockOf(`hostile ${i}`)))
    wanted = digests.map(({ cid }) => cid)
    const rows: Array<[CID, bigint]> = [
      ...wanted.map((cid, i): [CID, bigint] => [cid, offsets[i % offsets.length]]),
      // the offsets of sections: after the header, and after the first section
      [good[0].cid, 18n],
      [good[1].cid, BigInt(18 + 1 + 36 + good[0].bytes.length)]
    ]
    await put(Buffer.concat([head, ...sections]), rows, good[0].cid)
    // the index of this CAR is not an index
    const [other] = await Promise.all([blockOf('a root whose CAR has a bad index')])
    await put(carOf([other]), [[other.cid, OFFSETS[1]]], other.cid)
    wanted.push(other.cid)

    worker = await startLocalWorker({ cars: folder, layout: 'dudewhere', identity: Buffer.from(privateKeyToProtobuf(await generateKeyPair('Ed25519'))).toString('base64') })
    host = await createHost({ agent: { name: 'test', version: '0.0.0' } })
    await host.start()
    client = await createBlockClient(host, multiaddr(worker.address), { signal: AbortSignal.timeout(40_000) })
  })

  after(async () => {
    await host?.stop()
    await worker?.stop()
    await rm(folder, { recursive: true })
  })

  /** Writes a CAR, its SATNAV index with these rows, and the DUDEWHERE entry of the root. */
  async function put (car: Uint8Array, rows: ReadonlyArray<[CID, bigint]>, root: CID): Promise<void> {
    const cid = CID.createV1(CAR_CODEC, await sha256.digest(car)).toString()

    for (const [name, bytes] of [[`${cid}/${cid}.car`, car], [`${cid}/${cid}.car.idx`, satnav(rows)], [`${root}/${cid}`, new Uint8Array()]] as const) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), bytes)
    }
  }

  async function failedReads (): Promise<Map<string, number>> {
    const text = await (await fetch(`${worker.url}/metrics`)).text()

    return new Map(Array.from(text.matchAll(/failed_reads_total\{error="(\w+)"\} (\d+)/g), ([, name, count]) => [name, Number(count)]))
  }

  it('sends no DONT_HAVE for blocks with such locations, counts them, and serves the others', async () => {
    expect(await client.get(good[0].cid)).to.deep.equal(good[0].bytes)
    const settled: string[] = []
    wanted.forEach(cid => {
      client.get(cid).then(() => { settled.push(`${cid} was sent`) }, (err: Error) => { settled.push(err.message) })
    })
    expect(await client.get(good[1].cid)).to.deep.equal(good[1].bytes)
    const sum = async (): Promise<number> => [...(await failedReads()).values()].reduce((a, b) => a + b, 0)

    for (const end = performance.now() + 20_000; await sum() < wanted.length && performance.now() < end;) {
      await new Promise(resolve => setTimeout(resolve, 50))
    }

    expect(settled).to.deep.equal([])
    expect(await sum()).to.be.at.least(wanted.length)
    const names = [...(await failedReads()).keys()]
    expect(names).to.include.members(['MalformedCarError', 'MalformedIndexError'])
    expect(await client.get((await blockOf('the root')).cid)).to.deep.equal(good[0].bytes)
  })
})

/** An index of sha2-256, as SATNAV has it. */
function satnav (rows: ReadonlyArray<[CID, bigint]>): Uint8Array {
  const sorted = rows.map(([{ multihash: { digest } }, offset]) => {
    const at = Buffer.alloc(8)
    at.writeBigUInt64LE(offset)

    return Buffer.concat([digest, at])
  }).sort(Buffer.compare)
  const head = Buffer.alloc(2 + 4 + 8 + 4 + 4 + 8)
  head.writeUInt16LE(0x0881, 0)
  head.writeUInt32LE(1, 2)
  head.writeBigUInt64LE(0x12n, 6)
  head.writeUInt32LE(1, 14)
  head.writeUInt32LE(40, 18)
  head.writeBigUInt64LE(BigInt(40 * rows.length), 22)

  return Buffer.concat([head, ...sorted])
}
