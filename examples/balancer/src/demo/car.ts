import { readFile } from 'node:fs/promises'
import { CarReader, CarWriter } from '@ipld/car'
import type { DemoDag } from './dag.ts'

/** The path of the CAR of the embedded default, relative to `src/demo` and to `dist/src/demo`. */
const PLACES = ['../../assets/kitsune.car', '../../../assets/kitsune.car']

/** Writes a DAG as a CARv1. */
export async function encodeCar ({ root, blocks }: DemoDag): Promise<Uint8Array> {
  const { writer, out } = CarWriter.create([root])
  const chunks = collect(out)

  for (const block of blocks) {
    await writer.put(block)
  }

  await writer.close()

  return Buffer.concat(await chunks)
}

/** Reads the DAG that ships with the balancer. */
export async function readDemoCar (): Promise<DemoDag> {
  const reader = await CarReader.fromBytes(await readFirst(PLACES))
  const [root] = await reader.getRoots()

  return { root, blocks: await collect(reader.blocks()) }
}

async function collect <T> (items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []

  for await (const item of items) {
    collected.push(item)
  }

  return collected
}

async function readFirst (places: string[]): Promise<Uint8Array> {
  for (const place of places) {
    const bytes = await readFile(new URL(place, import.meta.url)).catch(() => undefined)

    if (bytes != null) {
      return bytes
    }
  }

  throw new Error('assets/kitsune.car is missing: create it with node src/demo/make-car.ts')
}
