import { MalformedCarError } from '../errors.ts'
import { readUint64 } from './varint.ts'

/** `{"version":2}` with its length: the beginning of a CARv2. */
const PRAGMA = Uint8Array.from([0x0a, 0xa1, 0x67, 0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x02])

const HEADER_LENGTH = 40

/** The length of a CARv2's pragma and header, in bytes. This much of any CAR is enough to tell its layout. */
export const CARV2_HEAD_LENGTH: number = PRAGMA.length + HEADER_LENGTH

/** The positions of a CAR's parts. Offsets count from the start of the object. */
export interface CarLayout {
  readonly version: 1 | 2
  /** Where the header of the CARv1 begins: 0, or the data offset of a CARv2. Offsets in an inline index count from here. */
  readonly start: number
  /** Where the sections end: never beyond the end of the object. */
  readonly end: number
  /** Where the index begins according to the header, which may be wrong; undefined if there is none. */
  readonly indexOffset?: number
  /** `false`: a CARv2 whose writer never wrote its header. Its sections continue to the end of the object. */
  readonly finalized: boolean
  /** Whether the object ends, at `end`, before the payload does. */
  readonly truncated: boolean
}

/** The object whose beginning the bytes are. */
export interface LayoutContext {
  /** The name of the object, for errors. */
  readonly object: string
  /** The size of the whole object, in bytes. */
  readonly size: number
}

/**
 * Finds the parts of a CAR. A file that does not begin like a CARv2 is treated as a
 * CARv1, whose header is not read.
 *
 * go-car writes the header of a CARv2 last. So a header of zeros means an unfinished
 * file, whose payload begins right after the header, and a data size of 0, which is
 * invalid, means that the payload continues to the end.
 *
 * @param head - the first {@link CARV2_HEAD_LENGTH} bytes of the object, or all of them
 * @throws {MalformedCarError} if the header of a CARv2 contradicts the size
 */
export function parseLayout (head: Uint8Array, { object, size }: LayoutContext): CarLayout {
  if (!PRAGMA.every((byte, i) => head[i] === byte)) {
    return { version: 1, start: 0, end: size, finalized: true, truncated: false }
  }

  if (head.length < CARV2_HEAD_LENGTH) {
    throw new MalformedCarError('the file ends within the header of a CARv2', { object, offset: head.length })
  }

  const field = (at: number): number => readUint64(head, at) ?? Infinity
  const start = field(27) === 0 ? CARV2_HEAD_LENGTH : field(27)
  const length = field(35)
  const indexOffset = field(43) === 0 ? undefined : field(43)

  if (start < CARV2_HEAD_LENGTH || start >= size) {
    throw new MalformedCarError(`the payload of a CARv2 begins at ${start}, in an object of ${size} bytes`, { object, offset: 27 })
  }

  if (length === 0 || field(27) === 0) {
    return { version: 2, start, end: size, finalized: false, truncated: false }
  }

  const truncated = start + length > size

  return { version: 2, start, end: truncated ? size : start + length, indexOffset, finalized: true, truncated }
}
