import { ShardedDAGIndex } from '@storacha/blob-index'
import { fromShardArchives } from '@storacha/blob-index/util'
import { expect } from 'aegir/chai'
import { sha256 } from 'multiformats/hashes/sha2'
import { blobName, carName, carSource, memoryStore, shardedDagIndex } from '../../src/index.ts'
import { blockIndexTests } from '../../src/testing/index.ts'
import { block, blocks, carV1, concat, hex, section } from '../fixtures/cars.ts'
import { failsCheaply } from '../fixtures/cost.ts'
import { writeCar } from '../fixtures/original-tools.ts'
import type { TestBlock } from '../fixtures/cars.ts'

const carNames = (multihash: Uint8Array): string[] => [blobName(multihash)]

/** Shards, and their index as Storacha writes it. */
async function sharded (...shards: Array<readonly TestBlock[]>): Promise<Map<string, Uint8Array>> {
  const cars = await Promise.all(shards.map(writeCar))
  const index = await fromShardArchives(shards[0][0].cid as never, cars)
  const archive = await ShardedDAGIndex.archive(index)

  if (archive.ok == null) {
    throw archive.error
  }

  const named = await Promise.all(cars.map(async car => [blobName((await sha256.digest(car)).bytes), car] as const))

  return new Map([['index', archive.ok], ...named])
}

blockIndexTests(async wrap => {
  const all = [...await blocks(60, 300), await block('')]
  const store = memoryStore({ objects: await sharded(all.slice(0, 30), all.slice(30)) })

  return { blocks: all, store, index: shardedDagIndex(wrap(store), 'index', { carNames }) }
}, { name: 'laws of an index: a sharded DAG index' })

describe('a sharded DAG index', () => {
  it('leads a source to the blocks of several shards, whichever of their names they have', async () => {
    const all = await blocks(40, 200)
    const objects = await sharded(all.slice(0, 20), all.slice(10))
    const [, [blob, car], ...rest] = [...objects]
    objects.delete(blob)
    objects.set(carName((await sha256.digest(car)).bytes), car)
    expect(rest).to.have.lengthOf(1)
    const store = memoryStore({ objects })
    const source = carSource({ store, index: shardedDagIndex(store, 'index') })

    for (const { cid, bytes } of all) {
      expect(await source.get(cid)).to.deep.equal(bytes)
    }

    expect(await source.get((await block('elsewhere')).cid)).to.equal(undefined)
  })

  it('is refused by its length, before it is read', async () => {
    const store = memoryStore({ objects: new Map([['index', new Uint8Array(1 << 20)]]) })
    expect(await failsCheaply(async () => shardedDagIndex(store, 'index', { maxLength: 1000 }).locate([new Uint8Array(34)]))).to.have.property('name', 'ObjectTooLargeError')
  })

  it('is an error wherever it is damaged, and never another block or a miss', async function () {
    this.timeout(20_000)
    const all = await blocks(3, 50)
    const objects = await sharded(all)
    const whole = objects.get('index') ?? new Uint8Array()

    for (let i = 0; i < whole.length; i++) {
      for (const damaged of [Uint8Array.from(whole, (byte, at) => at === i ? byte ^ 0x11 : byte), whole.slice(0, i)]) {
        objects.set('index', damaged)
        const error = await shardedDagIndex(memoryStore({ objects }), 'index').locate([all[0].multihash]).catch((err: Error) => err)
        expect(error, `byte ${i}`).to.have.property('name', 'MalformedIndexError')
      }
    }
  })

  it('is an error if its CBOR is invalid, although all hashes are right', async () => {
    const mh = `5822 1220 ${'00'.repeat(32)}`
    const shardsOf: Record<string, string> = {
      'no array': 'a0',
      'an array of three': `83 ${mh} 80 80`,
      'a shard that is not a multihash': '82 41 00 80',
      'slices beyond the end': `82 ${mh} 9affffffff`,
      'a slice without a place': `82 ${mh} 81 81 ${mh}`,
      'a place of one number': `82 ${mh} 81 82 ${mh} 81 00`,
      'an offset that is text': `82 ${mh} 81 82 ${mh} 82 61 30 00`,
      'an offset of 2^63': `82 ${mh} 81 82 ${mh} 82 1b8000000000000000 00`,
      'a length of 2^32': `82 ${mh} 81 82 ${mh} 82 00 1b0000000100000000`,
      'bytes after the end': `82 ${mh} 80 00`
    }

    for (const [what, digits] of Object.entries(shardsOf)) {
      const shard = await block(hex(digits), 0x71)
      const link = concat(hex('d82a 5825 00'), shard.cid.bytes)
      const version = new TextEncoder().encode('index/sharded/dag@0.1')
      const root = await block(concat(hex('a1 75'), version, hex('a2 66 736861726473 81'), link, hex('67 636f6e74656e74'), link), 0x71)
      const header = concat(hex('3a a2 65726f6f7473 81'), hex('d82a 5825 00'), root.cid.bytes, hex('67 76657273696f6e 01'))
      const store = memoryStore({ objects: new Map([['index', concat(header, section(root), section(shard))]]) })
      const error = await failsCheaply(async () => shardedDagIndex(store, 'index').locate([shard.multihash]))
      expect(error, what).to.have.property('name', 'MalformedIndexError')
      expect(error.message, what).to.match(/^index, offset \d+: /)
    }
  })

  it('is an error if there is no root, or if it is another kind of CAR', async () => {
    const all = await blocks(2)

    for (const car of [carV1(all), await writeCar(all)]) {
      const store = memoryStore({ objects: new Map([['index', car]]) })
      await expect(shardedDagIndex(store, 'index').locate([all[0].multihash])).to.eventually.be.rejected.with.property('name', 'MalformedIndexError')
    }
  })
})
