import { CarIndexer } from '@ipld/car/indexer'
import { ShardedDAGIndex } from '@storacha/blob-index'
import { fromShardArchives } from '@storacha/blob-index/util'
import { IndexSortedWriter, MultihashIndexSortedWriter } from 'cardex'
import { MultiIndexWriter } from 'cardex/multi-index'
import { CID } from 'multiformats/cid'
import type { CorpusCar } from './corpus.ts'

/** The codes of the indexes that cardex writes. */
export type IndexCode = '0x0400' | '0x0401'

interface IndexWriter {
  add (cid: unknown, offset: number): unknown
  close (): Promise<void> | void
}

type WriterFactory = (config: { writer: unknown }) => IndexWriter

// the CIDs of cardex are of another version of multiformats
const WRITERS = {
  '0x0400': IndexSortedWriter.createWriter as unknown as WriterFactory,
  '0x0401': MultihashIndexSortedWriter.createWriter as unknown as WriterFactory
}

/** The index of a CAR, as cardex writes it. */
export async function cardexIndex (car: CorpusCar, code: IndexCode): Promise<Uint8Array> {
  return written(async writer => addAll(WRITERS[code]({ writer }), car))
}

/** The index of several CARs in one, as cardex writes it. */
export async function cardexMultiIndex (cars: readonly CorpusCar[]): Promise<Uint8Array> {
  return written(async writer => {
    const multi = MultiIndexWriter.createWriter({ writer: writer as never })

    for (const [i, car] of cars.entries()) {
      multi.add(CID.parse(car.name.split('/')[0]) as never, async ({ writer }: { writer: unknown }) => {
        await addAll(WRITERS[i % 2 === 0 ? '0x0401' : '0x0400']({ writer }), car)
      })
    }

    await multi.close()
  })
}

/** The sharded DAG index of CARs, as Storacha writes it. */
export async function shardedIndex (cars: readonly CorpusCar[]): Promise<Uint8Array> {
  const { ok, error } = await ShardedDAGIndex.archive(await fromShardArchives(cars[0].roots[0] as never, cars.map(({ bytes }) => bytes)))

  if (ok == null) {
    throw error
  }

  return ok
}

/** A CARv2 of a CAR and its index. */
export function wrap ({ bytes }: CorpusCar, index: Uint8Array): Uint8Array {
  const head = Buffer.alloc(51)
  head.write('0aa16776657273696f6e02', 'hex')
  head.writeBigUInt64LE(51n, 27)
  head.writeBigUInt64LE(BigInt(bytes.byteLength), 35)
  head.writeBigUInt64LE(BigInt(51 + bytes.byteLength), 43)

  return Buffer.concat([head, bytes, index])
}

async function addAll (writer: IndexWriter, { bytes }: CorpusCar): Promise<void> {
  for await (const { cid, offset } of await CarIndexer.fromBytes(bytes)) {
    writer.add(cid, offset)
  }

  await writer.close()
}

async function written (write: (writer: unknown) => Promise<void>): Promise<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array>()
  const bytes = new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer()
  await write(writable.getWriter())

  return new Uint8Array(await bytes)
}
