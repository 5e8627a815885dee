import { decode as decodeDagPb, code as DAG_PB } from '@ipld/dag-pb'
import { decodeUnixfs, UNIXFS_DIRECTORY } from '../demo/unixfs.ts'
import type { PBLink } from '@ipld/dag-pb'
import type { CID } from 'multiformats'

/** Gets a block. */
export type GetBlock = (cid: CID) => Promise<Uint8Array>

/** A file or folder found at a path. */
export type Entry = { kind: 'file', cid: CID } | { kind: 'folder', entries: ReadonlyArray<{ name: string, cid: CID }> }

/** How many blocks are fetched ahead of the one that is read. */
const READ_AHEAD = 32

/**
 * Follows names from a root. It does not support sharded folders.
 *
 * @throws {Error} a name on the way does not exist
 */
export async function resolvePath (get: GetBlock, root: CID, names: readonly string[]): Promise<Entry> {
  let cid = root

  for (const name of names) {
    const entry = await inspectEntry(get, cid)
    const next = entry.kind === 'folder' ? entry.entries.find(entry => entry.name === name) : undefined

    if (next == null) {
      throw new Error(`there is no "${name}" in ${cid}`)
    }

    cid = next.cid
  }

  return inspectEntry(get, cid)
}

async function inspectEntry (get: GetBlock, cid: CID): Promise<Entry> {
  if (cid.code !== DAG_PB) {
    return { kind: 'file', cid }
  }

  const { Data, Links } = decodeDagPb(await get(cid))

  return Data != null && decodeUnixfs(Data).type === UNIXFS_DIRECTORY
    ? { kind: 'folder', entries: Links.map(({ Name, Hash }) => ({ name: Name ?? '', cid: Hash })) }
    : { kind: 'file', cid }
}

/** Reads the bytes of a file in order, and fetches some blocks ahead. */
export async function * readFile (get: GetBlock, cid: CID, first = get(cid)): AsyncGenerator<Uint8Array> {
  const bytes = await first

  if (cid.code !== DAG_PB) {
    yield bytes

    return
  }

  const { Data, Links } = decodeDagPb(bytes)
  const inline = Data == null ? undefined : decodeUnixfs(Data).data

  if (inline != null) {
    yield inline
  }

  const ahead: Array<Promise<Uint8Array>> = []

  for (const [i, { Hash }] of Links.entries()) {
    for (const { Hash } of Links.slice(i + ahead.length, i + READ_AHEAD)) {
      ahead.push(fetched(get, Hash))
    }

    yield * readFile(get, Hash, ahead.shift())
  }
}

/** Fetches a block ahead. Reading stops at the first failure, so failures of later blocks must not count as unhandled. */
async function fetched (get: GetBlock, cid: PBLink['Hash']): Promise<Uint8Array> {
  const block = get(cid)
  block.catch(() => {})

  return block
}
