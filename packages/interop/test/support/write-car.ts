import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { CarWriter } from '@ipld/car'
import type { TestBlock } from '../../src/blocks.ts'
import type { CID } from 'multiformats/cid'

/** Writes a CAR of these blocks, in this order. */
export async function writeCar (file: string, blocks: readonly TestBlock[], roots: CID[] = []): Promise<void> {
  const { writer, out } = CarWriter.create(roots)
  const written = finished(Readable.from(out).pipe(createWriteStream(file)))

  for (const { cid, bytes } of blocks) {
    await writer.put({ cid, bytes })
  }

  await writer.close()
  await written
}
