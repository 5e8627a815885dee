/** The type of UnixFS nodes that are directories. */
export const UNIXFS_DIRECTORY = 1
/** The type of UnixFS nodes that are files. */
export const UNIXFS_FILE = 2

/** The UnixFS data of a dag-pb node. */
export interface UnixfsNode {
  type: number
  /** The bytes of the file that this node itself contains. */
  data?: Uint8Array
  /** The size of the file below each link, bytes. */
  blockSizes: readonly number[]
}

/** Encodes the protobuf of a file or directory node without data. */
export function encodeUnixfs ({ type, blockSizes }: UnixfsNode): Uint8Array {
  const fileSize = blockSizes.reduce((sum, size) => sum + size, 0)

  return Uint8Array.from([
    0x08, type,
    ...(type === UNIXFS_FILE ? [0x18, ...varint(fileSize)] : []),
    ...blockSizes.flatMap(size => [0x20, ...varint(size)])
  ])
}

/**
 * Decodes the fields that are needed to read a file.
 *
 * @throws {RangeError} the bytes are not UnixFS
 */
export function decodeUnixfs (bytes: Uint8Array): UnixfsNode {
  const node: { type: number, data?: Uint8Array, blockSizes: number[] } = { type: -1, blockSizes: [] }
  let offset = 0

  const next = (): number => {
    let value = 0

    for (let shift = 1; ; shift *= 128) {
      if (offset === bytes.byteLength || shift > 2 ** 49) {
        throw new RangeError('malformed UnixFS node')
      }

      const byte = bytes[offset++]
      value += (byte & 0x7f) * shift

      if (byte < 0x80) {
        return value
      }
    }
  }

  while (offset < bytes.byteLength) {
    const tag = next()
    const value = next()

    if (tag === 0x08) {
      node.type = value
    } else if (tag === 0x20) {
      node.blockSizes.push(value)
    } else if ((tag & 7) === 2) {
      const end = offset + value

      if (end > bytes.byteLength) {
        throw new RangeError('malformed UnixFS node')
      }

      if (tag === 0x12) {
        node.data = bytes.subarray(offset, end)
      }

      offset = end
    }
  }

  return node
}

function varint (value: number): number[] {
  const bytes: number[] = []

  while (value > 0x7f) {
    bytes.push((value % 128) | 0x80)
    value = Math.floor(value / 128)
  }

  return [...bytes, value]
}
