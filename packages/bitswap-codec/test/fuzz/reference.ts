import { CID } from 'multiformats/cid'
import type { BitswapMessage } from '../protons/message.ts'

/**
 * What a frame means according to the protobuf encoding guide and the rules of
 * `decodeMessage`, in the simplest possible way: numbers are bigints, everything is
 * copied, nothing is shared with `src`. It is slow, and it reports where protons may differ.
 */

/**
 * The only ways in which protons may read a frame differently
 */
export type Difference =
  // protons reads past the end of an embedded message, ignores wire types, takes varints of
  // more than ten bytes and the end of another group: the codec throws
  | 'malformed message'
  // the same within a want, block or presence, an enum value that does not exist (protons
  // throws), or a malformed CID or prefix (protons does not check): the codec leaves it out
  | 'bad item'
  // protons takes ten bytes for a varint of six to nine, ignores the bits of a bool above the
  // 32nd, and throws for an enum value that does not exist even if a later one replaces it
  | 'value'
  // protons keeps the last of two wantlists; protobuf and the codec merge them
  | 'two wantlists'

export interface Reference {
  differences: Set<Difference>

  /**
   * The message without its bad items, for protons to encode; undefined if it is malformed
   */
  message?: BitswapMessage

  /**
   * Bare and prefixed blocks in the order in which they were sent
   */
  blocks: Array<{ prefix: Uint8Array, data: Uint8Array }>
  skipped: number
}

const V0_PREFIX = Uint8Array.of(0x00, 0x70, 0x12, 0x20)

class Malformed extends Error {}

export function readReference (frame: Uint8Array): Reference {
  const differences = new Set<Difference>()
  const blocks: Reference['blocks'] = []
  const message: BitswapMessage = { blocks: [], payload: [], blockPresences: [], pendingBytes: 0 }
  let skipped = 0

  try {
    for (const field of readFields(frame, differences)) {
      switch (field.number) {
        case 1: {
          const wantlist = readWantlist(bytesOf(field))

          if (message.wantlist != null) {
            differences.add('two wantlists')
          }

          message.wantlist = {
            entries: [...message.wantlist?.entries ?? [], ...wantlist.entries],
            full: wantlist.full ?? message.wantlist?.full ?? false
          }
          break
        }

        case 2: {
          const data = bytesOf(field)
          message.blocks.push(data as Uint8Array<ArrayBuffer>)
          blocks.push({ prefix: V0_PREFIX, data })
          break
        }

        case 3: {
          const block = item(() => readBlock(bytesOf(field)), field)

          if (block != null) {
            message.payload.push(block)
            blocks.push(block)
          }

          break
        }

        case 4: {
          const presence = item(() => readPresence(bytesOf(field)), field)

          if (presence != null) {
            message.blockPresences.push(presence)
          }

          break
        }

        case 5:
          message.pendingBytes = int32Of(field)
          break
        default:
      }
    }
  } catch (err) {
    if (!(err instanceof Malformed)) {
      throw err
    }

    return { differences: differences.add('malformed message'), blocks: [], skipped: 0 }
  }

  return { differences, message, blocks, skipped }

  function readWantlist (bytes: Uint8Array): { entries: NonNullable<BitswapMessage['wantlist']>['entries'], full?: boolean } {
    const wantlist: ReturnType<typeof readWantlist> = { entries: [] }

    for (const field of readFields(bytes, differences)) {
      if (field.number === 1) {
        const entry = item(() => readEntry(bytesOf(field)), field)

        if (entry != null) {
          wantlist.entries.push(entry)
        }
      } else if (field.number === 2) {
        wantlist.full = boolOf(field)
      }
    }

    return wantlist
  }

  function readEntry (bytes: Uint8Array): NonNullable<BitswapMessage['wantlist']>['entries'][0] {
    let cid = new Uint8Array(0)
    let priority = 0
    let cancel = false
    let type = 0
    let sendDontHave = false

    for (const field of readFields(bytes, differences)) {
      switch (field.number) {
        case 1: cid = bytesOf(field); break
        case 2: priority = int32Of(field); break
        case 3: cancel = boolOf(field); break
        case 4: type = enumOf(field, type); break
        case 5: sendDontHave = boolOf(field); break
        default:
      }
    }

    return { cid: soundCid(cid), priority, cancel, wantType: (['Block', 'Have'] as const)[soundType(type)], sendDontHave }
  }

  function readBlock (bytes: Uint8Array): { prefix: Uint8Array<ArrayBuffer>, data: Uint8Array<ArrayBuffer> } {
    let prefix = new Uint8Array(0)
    let data = new Uint8Array(0)

    for (const field of readFields(bytes, differences)) {
      if (field.number === 1) {
        prefix = bytesOf(field)
      } else if (field.number === 2) {
        data = bytesOf(field)
      }
    }

    return { prefix: soundPrefix(prefix), data }
  }

  function readPresence (bytes: Uint8Array): BitswapMessage['blockPresences'][0] {
    let cid = new Uint8Array(0)
    let type = 0

    for (const field of readFields(bytes, differences)) {
      if (field.number === 1) {
        cid = bytesOf(field)
      } else if (field.number === 2) {
        type = enumOf(field, type)
      }
    }

    return { cid: soundCid(cid), type: (['HaveBlock', 'DontHaveBlock'] as const)[soundType(type)] }
  }

  /**
   * A fault in `read` costs the item. The caller checks that the field is bytes.
   */
  function item <T> (read: () => T, field: Field): T | undefined {
    bytesOf(field)

    try {
      return read()
    } catch (err) {
      if (!(err instanceof Malformed)) {
        throw err
      }

      differences.add('bad item')
      skipped++
    }
  }

  function enumOf (field: Field, replaced: number): number {
    if (replaced !== 0 && replaced !== 1) {
      differences.add('value')
    }

    return int32Of(field)
  }

  function boolOf (field: Field): boolean {
    const value = varintOf(field)

    if (value !== 0n && BigInt.asUintN(32, value) === 0n) {
      differences.add('value')
    }

    return value !== 0n
  }
}

interface Field {
  number: number
  value: bigint | Uint8Array | undefined
}

function readFields (bytes: Uint8Array, differences: Set<Difference>): Field[] {
  const fields: Field[] = []
  let pos = 0

  while (pos < bytes.length) {
    fields.push(readField(0, readTag()))
  }

  return fields

  function readTag (): bigint {
    const tag = readVarint()

    if (tag >= 0x1_0000_0000n || tag < 8n) {
      throw new Malformed('tag')
    }

    return tag
  }

  function readField (depth: number, tag: bigint): Field {
    const number = Number(tag >> 3n)

    switch (tag & 7n) {
      case 0n: return { number, value: readVarint() }
      case 1n: return { number, value: readFixed(8n) }
      case 2n: return { number, value: readBytes(readVarint()) }
      case 5n: return { number, value: readFixed(4n) }

      case 3n:
        if (depth === 100) {
          throw new Malformed('depth')
        }

        for (;;) {
          const inner = readTag()

          if ((inner & 7n) === 4n) {
            if (inner >> 3n !== tag >> 3n) {
              throw new Malformed('group')
            }

            return { number, value: undefined }
          }

          readField(depth + 1, inner)
        }

      default:
        throw new Malformed('wire type')
    }
  }

  /**
   * No field has the type fixed32 or fixed64, so they have no value
   */
  function readFixed (length: bigint): undefined {
    readBytes(length)
  }

  function readBytes (length: bigint): Uint8Array {
    if (length > BigInt(bytes.length - pos)) {
      throw new Malformed('length')
    }

    pos += Number(length)

    return bytes.slice(pos - Number(length), pos)
  }

  function readVarint (): bigint {
    const start = pos
    let value = 0n

    for (;;) {
      if (pos === bytes.length || pos === start + 10) {
        throw new Malformed('varint')
      }

      const byte = bytes[pos]
      value |= BigInt(byte & 0x7f) << BigInt(7 * (pos - start))
      pos++

      if (byte < 0x80) {
        break
      }
    }

    if (value >= 1n << 64n) {
      throw new Malformed('varint')
    }

    if (pos - start > 5 && pos - start < 10) {
      differences.add('value')
    }

    return value
  }
}

function bytesOf (field: Field): Uint8Array<ArrayBuffer> {
  if (!(field.value instanceof Uint8Array)) {
    throw new Malformed('wire type')
  }

  return field.value as Uint8Array<ArrayBuffer>
}

function varintOf (field: Field): bigint {
  if (typeof field.value !== 'bigint') {
    throw new Malformed('wire type')
  }

  return field.value
}

function int32Of (field: Field): number {
  return Number(BigInt.asIntN(32, varintOf(field)))
}

function soundType (value: number): 0 | 1 {
  if (value !== 0 && value !== 1) {
    throw new Malformed('enum')
  }

  return value
}

/**
 * A CID that multiformats accepts, within boxo's limits: at most 168 bytes,
 * a CIDv0 only with a whole sha2-256
 */
export function soundCid (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let cid: CID

  try {
    cid = CID.decode(bytes)
  } catch {
    throw new Malformed('cid')
  }

  const same = cid.bytes.length === bytes.length && cid.bytes.every((byte, i) => byte === bytes[i])
  const exact = cid.code <= Number.MAX_SAFE_INTEGER && cid.multihash.code <= Number.MAX_SAFE_INTEGER

  if (!same || !exact || bytes.length > 168 || (cid.version === 0 && bytes.length !== 34)) {
    throw new Malformed('cid')
  }

  return bytes
}

/**
 * Four minimal varints of at most 2^53 - 1, and any bytes after them; a CIDv0 is sha2-256 only
 */
function soundPrefix (prefix: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const numbers: bigint[] = []
  let pos = 0

  while (numbers.length < 4) {
    let number = 0n
    let bytes = 0

    do {
      if (pos === prefix.length || bytes === 8) {
        throw new Malformed('prefix')
      }

      number |= BigInt(prefix[pos] & 0x7f) << BigInt(7 * bytes)
      bytes++
    } while (prefix[pos++] > 0x7f)

    if ((bytes > 1 && prefix[pos - 1] === 0) || number > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new Malformed('prefix')
    }

    numbers.push(number)
  }

  const [version, , hash, length] = numbers

  if (version > 1n || (version === 0n && (hash !== 0x12n || length !== 32n))) {
    throw new Malformed('prefix')
  }

  return prefix
}
