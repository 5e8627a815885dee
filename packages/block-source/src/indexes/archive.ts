import { CID } from 'multiformats/cid'
import { BlockScanner } from '../car/block-scanner.ts'
import { CborReader, InvalidCborError } from '../car/cbor.ts'
import { HashMismatchError, MalformedCarError, MalformedIndexError, UnknownHashError } from '../errors.ts'
import { createVerify } from '../verify.ts'
import type { ScannedBlock } from '../car/block-scanner.ts'
import type { ObjectStore } from '../object-store.ts'

interface ReadArchiveOptions {
  /** A longer block is refused, in bytes. */
  readonly maxLength: number
  readonly signal?: AbortSignal
}

/** Structured data in a CAR. */
export interface Archive {
  readonly root: ScannedBlock
  /** All blocks, by the text of their CIDs. */
  readonly blocks: ReadonlyMap<string, ScannedBlock>
}

/**
 * Reads all of a CAR whose blocks are parts of an index, and hashes each.
 *
 * @throws {MalformedIndexError} if it is not a CAR, a block does not hash to its CID, or the root is missing
 */
export async function readArchive (store: ObjectStore, object: string, options: ReadArchiveOptions): Promise<Archive> {
  const { blocks, roots } = await readBlocks(store, object, options)
  const root = blocks.get(String(roots[0]))

  if (root == null) {
    throw new MalformedIndexError('the index has no root', { object, offset: 0 })
  }

  return { root, blocks }
}

/** Reads a CAR as {@link readArchive} does, with or without a root. */
export async function readBlocks (store: ObjectStore, object: string, { maxLength, signal }: ReadArchiveOptions): Promise<{ blocks: Map<string, ScannedBlock>, roots: readonly CID[] }> {
  const scanner = new BlockScanner(store, object, { maxSectionLength: maxLength })
  const verify = createVerify()
  const blocks = new Map<string, ScannedBlock>()
  let offset = 0

  try {
    while (!scanner.car.done) {
      for (const block of await scanner.step(signal)) {
        offset = block.blockOffset
        const cid = CID.decode(block.cid)
        await verify(cid, block.bytes)
        blocks.set(cid.toString(), block)
      }
    }
  } catch (err) {
    if (err instanceof HashMismatchError || err instanceof UnknownHashError) {
      throw new MalformedIndexError('a block of the index does not hash to its CID', { object, offset, cause: err })
    }

    throw err instanceof MalformedCarError ? new MalformedIndexError('the index is not a CAR that can be read', { object, offset: err.offset, cause: err }) : err
  }

  return { blocks, roots: scanner.car.header?.roots ?? [] }
}

/**
 * Parses a block, all of which is CBOR.
 *
 * @throws {MalformedIndexError} with the offset in the object, if `parse` throws
 */
export function parseBlock<T> ({ bytes, blockOffset }: ScannedBlock, object: string, parse: (cbor: CborReader) => T): T {
  const cbor = new CborReader(bytes)

  try {
    const parsed = parse(cbor)
    cbor.done()

    return parsed
  } catch (err) {
    if (err instanceof InvalidCborError) {
      throw new MalformedIndexError(err.message, { object, offset: blockOffset + err.at })
    }

    // `CID.decode` throws plain errors
    throw err instanceof MalformedIndexError ? err : new MalformedIndexError(String(err), { object, offset: blockOffset, cause: err })
  }
}
