import { CID } from 'multiformats/cid'
import { memoryStore } from '../stores/memory.ts'
import { parseBlock, readArchive, readBlocks } from './archive.ts'
import type { ScannedBlock } from '../car/block-scanner.ts'
import type { CborReader } from '../car/cbor.ts'

/**
 * # Content claims
 *
 * ```
 * GET <url>/claims/multihash/<multihash in base58btc>
 *
 * 200  nothing, or a CAR: a block for each claim, which is a CAR again, the archive of a UCAN:
 *   root  {"ucan@0.9.1": CID of the UCAN}
 *   UCAN  {"att": [{"can": "assert/location", "with": "did:…", "nb": …}], "exp": seconds or null, …}
 *
 * nb   {"content": CID or {"digest": multihash}, "location": ["https://…", …], "range": {"offset": 1, "length": 2}}
 * ```
 *
 * Claims of other kinds are ignored, such as that a DAG is in some CARs. Signatures are not
 * checked: the bytes at a location are hashed, so a false claim does no harm.
 */

/** A claim that bytes are at URLs. */
export interface LocationClaim {
  readonly multihash: Uint8Array
  readonly urls: readonly string[]
  readonly offset: number
  /** Undefined: all that follows. */
  readonly length: number | undefined
  /** When it ends, in seconds since 1970. */
  readonly expiration: number
}

/** The name of the CAR of all claims, in errors. */
const OBJECT = 'claims'

/** A CID whose content is CBOR. */
const DAG_CBOR = 0x71

/**
 * The claims of an answer that say where something is; others are left out.
 *
 * @throws {MalformedIndexError} if it is not a CAR of claims
 */
export async function readLocationClaims (answer: Uint8Array, signal?: AbortSignal): Promise<LocationClaim[]> {
  if (answer.byteLength === 0) {
    return []
  }

  const maxLength = answer.byteLength
  const { blocks } = await readBlocks(memoryStore({ objects: new Map([[OBJECT, answer]]) }), OBJECT, { maxLength, signal })
  const claims: LocationClaim[] = []

  for (const { bytes } of blocks.values()) {
    const archive = await readArchive(memoryStore({ objects: new Map([[OBJECT, bytes]]) }), OBJECT, { maxLength, signal })
    const cid = parseBlock(archive.root, OBJECT, parseRoot)
    const ucan = cid == null || cid.code !== DAG_CBOR ? undefined : archive.blocks.get(cid.toString())

    if (ucan != null) {
      claims.push(...parseUcan(ucan))
    }
  }

  return claims
}

/** The CID of the UCAN of an archive; undefined if it is the archive of something else. */
function parseRoot (cbor: CborReader): CID | undefined {
  const isUcan = cbor.map() === 1 && cbor.text().startsWith('ucan@')
  const item = cbor.item()

  return isUcan ? CID.decode(item.link()) : undefined
}

/** The capabilities of a UCAN that say where something is. */
function parseUcan (block: ScannedBlock): LocationClaim[] {
  return parseBlock(block, OBJECT, cbor => {
    const details: CborReader[] = []
    let expiration = Infinity

    forEachEntry(cbor, key => {
      if (key === 'att') {
        for (let left = cbor.array(); left > 0; left--) {
          details.push(...parseCapability(cbor))
        }
      } else if (key === 'exp') {
        expiration = parseExpiration(cbor)
      } else {
        cbor.item()
      }
    })

    return details.map(nb => parseLocation(nb, expiration))
  })
}

/** The details of a capability, if it claims a location. DAG-CBOR sorts `nb` before `can`, so they are parsed only once `can` is known. */
function parseCapability (cbor: CborReader): CborReader[] {
  let can = ''
  let nb: CborReader | undefined

  forEachEntry(cbor, key => {
    if (key === 'can') {
      can = cbor.text()
    } else if (key === 'nb') {
      nb = cbor.item()
    } else {
      cbor.item()
    }
  })

  return can === 'assert/location' && nb != null ? [nb] : []
}

function parseLocation (cbor: CborReader, expiration: number): LocationClaim {
  let multihash: Uint8Array | undefined
  let urls: string[] = []
  let offset = 0
  let length: number | undefined

  forEachEntry(cbor, key => {
    if (key === 'content') {
      multihash = parseContent(cbor)
    } else if (key === 'location') {
      urls = Array.from({ length: cbor.array() }, () => cbor.text())
    } else if (key === 'range') {
      forEachEntry(cbor, key => {
        if (key === 'offset') {
          offset = cbor.uint()
        } else if (key === 'length') {
          length = cbor.uint()
        } else {
          cbor.item()
        }
      })
    } else {
      cbor.item()
    }
  })

  if (multihash == null || !Number.isSafeInteger(offset + (length ?? 0))) {
    throw cbor.invalid('a location without content, or beyond 2^53')
  }

  return { multihash, urls, offset, length, expiration }
}

/** The multihash of what a claim is about: a CID, or a map with a digest. */
function parseContent (cbor: CborReader): Uint8Array | undefined {
  let multihash: Uint8Array | undefined

  if (!cbor.isMap) {
    return CID.decode(cbor.link()).multihash.bytes
  }

  forEachEntry(cbor, key => {
    if (key === 'digest') {
      multihash = cbor.bytes()
    } else {
      cbor.item()
    }
  })

  return multihash
}

function parseExpiration (cbor: CborReader): number {
  if (!cbor.isNull) {
    return cbor.uint()
  }

  cbor.item()

  return Infinity
}

function forEachEntry (cbor: CborReader, entry: (key: string) => void): void {
  for (let left = cbor.map(); left > 0; left--) {
    entry(cbor.text())
  }
}
