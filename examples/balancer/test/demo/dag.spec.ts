import { readFileSync } from 'node:fs'
import { inflateSync } from 'node:zlib'
import { expect } from 'aegir/chai'
import { sha256 } from 'multiformats/hashes/sha2'
import { encodeCar, readDemoCar } from '../../src/demo/car.ts'
import { buildDemoDag } from '../../src/demo/dag.ts'
import { drawPicture } from '../../src/demo/picture.ts'
import { readFile, resolvePath } from '../../src/fetch/unixfs-reader.ts'
import type { DemoDag } from '../../src/demo/dag.ts'
import type { CID } from 'multiformats'

describe('demonstration DAG', () => {
  it('that ships is identical to the one that its script creates', async () => {
    const made = Buffer.from(await encodeCar(buildDemoDag()))
    const shipped = readFileSync(new URL('../../assets/kitsune.car', import.meta.url))

    expect(made.equals(shipped)).to.be.true()
  })

  it('has blocks that match their CIDs', async () => {
    for (const { cid, bytes } of (await readDemoCar()).blocks) {
      const { digest } = await sha256.digest(bytes)

      expect(Buffer.compare(digest, cid.multihash.digest)).to.equal(0)
    }
  })

  it('is a folder with a text and a picture', async () => {
    const dag = await readDemoCar()
    const folder = await resolvePath(getFrom(dag), dag.root, [])

    expect(folder).to.have.property('kind', 'folder')
    expect(folder.kind === 'folder' && folder.entries.map(({ name }) => name)).to.deep.equal(['README.txt', 'kitsune.png'])
    expect(Buffer.from(await contentOf(dag, 'kitsune.png')).equals(drawPicture())).to.be.true()
    expect(new TextDecoder().decode(await contentOf(dag, 'README.txt'))).to.include('nine')
  })

  it('has a picture that a PNG reader accepts', () => {
    const png = Buffer.from(drawPicture())
    const length = png.readUInt32BE(33)

    expect(png.toString('latin1', 37, 41)).to.equal('IDAT')
    // inflateSync verifies the checksum
    expect(inflateSync(png.subarray(41, 41 + length))).to.have.lengthOf(480 * (1 + 720 * 3))
  })

  it('reports names that it does not have', async () => {
    const dag = await readDemoCar()

    await expect(resolvePath(getFrom(dag), dag.root, ['nothing.txt'])).to.eventually.be.rejectedWith('nothing.txt')
    await expect(resolvePath(getFrom(dag), dag.root, ['README.txt', 'below'])).to.eventually.be.rejectedWith('below')
  })
})

function getFrom (dag: DemoDag): (cid: CID) => Promise<Uint8Array> {
  return async (cid) => {
    const block = dag.blocks.find(block => block.cid.equals(cid))

    return block?.bytes ?? Promise.reject(new Error(`no block ${cid}`))
  }
}

async function contentOf (dag: DemoDag, name: string): Promise<Uint8Array> {
  const entry = await resolvePath(getFrom(dag), dag.root, [name])
  const parts: Uint8Array[] = []

  if (entry.kind === 'file') {
    for await (const part of readFile(getFrom(dag), entry.cid)) {
      parts.push(part)
    }
  }

  return Buffer.concat(parts)
}
