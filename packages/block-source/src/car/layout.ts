import { MalformedCarError } from '../errors.ts'
import { readUint64 } from './varint.ts'

/** `{"version":2}` with its length: what a CARv2 begins with. */
const PRAGMA = Uint8Array.from([0x0a, 0xa1, 0x67, 0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x02])

const HEADER_LENGTH = 40

/** What a CARv2 begins with, in bytes: pragma and header. Enough of any CAR to tell its layout. */
export const CARV2_HEAD_LENGTH: number = PRAGMA.length + HEADER_LENGTH

/** Where in a CAR its parts are. Offsets count from the start of the object. */
export interface CarLayout {
  readonly version: 1 | 2
  /** Where the header of the CARv1 begins: 0, or the data offset of a CARv2. Offsets in an inline index count from here. */
  readonly start: number
  /** Where the sections end: never behind the end of the object. */
  readonly end: number
  /** Where the index begins, as the header says; undefined if there is none. It may be anywhere. */
  readonly indexOffset?: number
  /** `false`: a CARv2 whose writer never wrote its header. Its sections go on to the end of the object. */
  readonly finalized: boolean
  /** Whether the payload should have gone on behind `end`, where the object ends. */
  readonly truncated: boolean
}

/** Which object the bytes are the beginning of. */
export interface LayoutContext {
  /** The name of the object, for errors. */
  readonly object: string
  /** Of the whole object, in bytes. */
  readonly size: number
}

/**
 * Tells where the parts of a CAR are. What does not begin like a CARv2 is taken
 * for a CARv1, whose header is not looked at.
 *
 * go-car writes the header of a CARv2 last. A header of zeros therefore is an
 * unfinished file whose payload begins right behind it, and a data size of 0,
 * which no payload has, one whose payload goes on to the end.
 *
 * @param head - the first {@link CARV2_HEAD_LENGTH} bytes of the object, or all
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
