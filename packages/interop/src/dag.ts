import { createCipheriv, createHash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { sha256 } from 'multiformats/hashes/sha2'
import { KUBO_ENV, initRepo, listBlocks } from './kubo-repo.ts'
import { runProcess, temporaryFolder } from './processes.ts'

/** A file of random bytes, and how it is cut into leaves. */
export interface DagInit {
  /** Bytes of the file. */
  size: number
  /** Bytes of each leaf but the last. */
  blockSize: number
  /** The same seed, size and block size give the same CID; default: 'kitsune'. */
  seed?: string
}

/** A UnixFS file in an offline repository, which is copied for each node that holds it. */
export interface Dag {
  root: string
  /** The sha-256 of the file's bytes, in hex. */
  sha256: string
  size: number
  blockSize: number
  /** The repository. */
  repo: string
  /** Its block files, inner nodes included, in the order of their keys. */
  blocks: readonly string[]
}

const CHUNK = 1 << 20

/** `size` bytes that look random and depend only on `seed`: AES-CTR's key stream, as fast as memory. */
export function * seededBytes (size: number, seed: string): Generator<Uint8Array> {
  const key = createHash('sha256').update(seed).digest()
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))

  for (let done = 0; done < size; done += CHUNK) {
    yield cipher.update(Buffer.alloc(Math.min(CHUNK, size - done)))
  }
}

/** One buffer of them. */
export function seededBuffer (size: number, seed: string): Uint8Array {
  return Buffer.concat([...seededBytes(size, seed)])
}

/** Adds a seeded file to a new repository with `ipfs add`, without a daemon. */
export async function createDag (binary: string, init: DagInit): Promise<Dag> {
  const seed = seedOf(init)
  const repo = temporaryFolder('dag')

  await initRepo(binary, repo)

  const before = new Set(listBlocks(repo))
  const hash = createHash('sha256')

  const input = async function * (): AsyncGenerator<Uint8Array> {
    for (const chunk of seededBytes(init.size, seed)) {
      hash.update(chunk)
      yield chunk
    }
  }

  const root = await runProcess(binary, [
    'add', '--quieter', '--pin=false', '--cid-version=1', '--raw-leaves', `--chunker=size-${init.blockSize}`
  ], { env: { ...KUBO_ENV, IPFS_PATH: repo }, input: input() })

  return {
    root: root.trim(),
    sha256: hash.digest('hex'),
    size: init.size,
    blockSize: init.blockSize,
    repo,
    blocks: listBlocks(repo).filter(block => !before.has(block))
  }
}

/** The CIDs of the leaves of the file that the same arguments make, in its order. */
export async function leafCids (init: DagInit): Promise<CID[]> {
  const bytes = seededBuffer(init.size, seedOf(init))
  const leaves = Array.from({ length: Math.ceil(init.size / init.blockSize) }, (_, i) => bytes.subarray(i * init.blockSize, (i + 1) * init.blockSize))

  return Promise.all(leaves.map(async leaf => CID.createV1(raw.code, await sha256.digest(leaf))))
}

function seedOf ({ seed = 'kitsune', size, blockSize }: DagInit): string {
  return `${seed}/${size}/${blockSize}`
}

/** The part of a DAG's blocks that a node gets. */
export type Share = 'all' | 'none' | 'even' | 'odd'

/** The blocks that a node with this share does not get. `even` and `odd` are disjoint and complete each other; neighbours in the order of keys are unrelated blocks. */
export function missingBlocks (dag: Dag, share: Share): string[] {
  const dontHaves: Record<Share, (i: number) => boolean> = {
    all: () => false,
    none: () => true,
    even: i => i % 2 === 1,
    odd: i => i % 2 === 0
  }

  return dag.blocks.filter((_, i) => dontHaves[share](i))
}
