import { createHash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { CarReader } from '@ipld/car/reader'
import { carName } from '@kitsune/block-source'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { writeCarSamples } from '../../../src/car-samples.ts'
import { seededBytes } from '../../../src/dag.ts'
import { FULL } from '../../../src/full.ts'
import { KUBO_ENV, initRepo } from '../../../src/kubo-repo.ts'
import { removeFolder, runProcess, temporaryFolder } from '../../../src/processes.ts'
import type { Block } from '@kitsune/block-source'

/** A CAR, and its blocks as `@ipld/car` reads them. */
export interface CorpusCar {
  /** What the CAR contains. */
  readonly title: string
  /** The name of the object, as in CARPARK. */
  readonly name: string
  readonly bytes: Uint8Array
  readonly roots: readonly CID[]
  readonly blocks: readonly Block[]
}

/** Files from the tests of `@ipld/car`, and files written by go-car: CIDs of both versions, identities, blake2b, the empty block. */
const FIXTURES = new URL('../../../../block-source/test/fixtures/', import.meta.url)

/** The size of the UnixFS file. */
const SIZE = FULL ? 2 ** 30 : 4 << 20

const KUBO_FILES = {
  'a file of CIDs of version 0': ['--cid-version=0', '--raw-leaves=false'],
  'a file of blake2b hashes': ['--cid-version=1', '--hash=blake2b-256']
}

/** CARs of every kind: fixtures, and DAGs that kubo has exported; for `test:full` a file of 1 GiB is among them. */
export async function readCorpus (kubo: string): Promise<CorpusCar[]> {
  const folder = temporaryFolder('corpus')

  try {
    const cars = [
      await readCar('a fixture of @ipld/car', readFileSync(new URL('ipld-car/go.car', FIXTURES))),
      await readCar('a fixture of go-car', readFileSync(new URL('go-car/files/v1.car', FIXTURES)))
    ]

    // UnixFS, a sharded directory, a deep DAG and dag-cbor
    for (const { name, file } of await writeCarSamples(kubo, folder, SIZE)) {
      cars.push(await readCar(name, readFileSync(file)))
      rmSync(file)
    }

    for (const [title, options] of Object.entries(KUBO_FILES)) {
      cars.push(await readCar(title, await exportFile(kubo, join(folder, title), options)))
    }

    return cars
  } finally {
    removeFolder(folder)
  }
}

async function exportFile (kubo: string, repo: string, options: readonly string[]): Promise<Uint8Array> {
  const file = join(repo, 'exported.car')
  const env = { ...KUBO_ENV, IPFS_PATH: repo }
  await initRepo(kubo, repo)
  const root = await runProcess(kubo, ['add', '--quieter', '--chunker=size-65536', ...options], { env, input: Readable.from(seededBytes(1_000_000, options.join())) })
  await runProcess('sh', ['-c', '"$0" dag export --progress=false "$1" > "$2"', kubo, root.trim(), file], { env })

  return readFileSync(file)
}

async function readCar (title: string, bytes: Uint8Array): Promise<CorpusCar> {
  const reader = await CarReader.fromBytes(bytes)
  const blocks: Block[] = []

  for await (const { cid, bytes } of reader.blocks()) {
    blocks.push({ cid: CID.decode(cid.bytes), bytes })
  }

  return {
    title,
    name: carName(create(0x12, createHash('sha256').update(bytes).digest()).bytes),
    bytes,
    roots: (await reader.getRoots()).map(root => CID.decode(root.bytes)),
    blocks
  }
}
