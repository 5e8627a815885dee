type Bytes = Uint8Array<ArrayBuffer>

/** A body in gzip's format that can be made invalid after the data so far. A client notices that even if it cannot notice that a body was broken off. */
export interface SpoilableGzip {
  write (bytes: Bytes): Bytes
  /** The bytes after all data. */
  end (): Bytes
  /** Writes data that no client can read beyond. */
  spoil (bytes?: Bytes): Bytes
}

const HEADER = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]
const MAX_BLOCK = 0xffff
/** The first byte of a block that is stored, and of one of the type that does not exist. */
const [STORED, LAST_STORED, INVALID] = [0, 1, 0b111]

/**
 * Creates an empty body. Its blocks are stored, not compressed: so each of them ends at the end
 * of a byte, and an invalid one can follow. The platform's compressor may hold back some bits.
 */
export function spoilableGzip (): SpoilableGzip {
  let crc = 0xffff_ffff
  let size = 0

  function write (bytes: Bytes): number[] {
    const blocks = size === 0 && bytes.length > 0 ? [HEADER] : []

    for (let at = 0; at < bytes.length; at += MAX_BLOCK) {
      blocks.push(block(STORED, bytes.subarray(at, at + MAX_BLOCK)))
    }

    crc = bytes.reduce((sum, byte) => sum >>> 8 ^ CRC_TABLE[(sum ^ byte) & 0xff], crc)
    size += bytes.length

    return blocks.flat()
  }

  return {
    write: bytes => Uint8Array.from(write(bytes)),
    end: () => Uint8Array.from([...(size === 0 ? HEADER : []), ...block(LAST_STORED, new Uint8Array()), ...word(~crc, 4), ...word(size, 4)]),
    spoil: (bytes = new Uint8Array()) => Uint8Array.from([...write(bytes), INVALID])
  }
}

function block (type: number, bytes: Bytes): number[] {
  return [type, ...word(bytes.length, 2), ...word(~bytes.length, 2), ...bytes]
}

/** A number in so many bytes, the least first. */
function word (value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => value >>> 8 * i & 0xff)
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte

  for (let bit = 0; bit < 8; bit++) {
    sum = sum >>> 1 ^ (sum & 1 ? 0xedb8_8320 : 0)
  }

  return sum
})
