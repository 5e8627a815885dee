import type { WarnMissing } from '../warn.ts'

/** The receiver of the ws package, which parses frames. The fields are private. */
interface Receiver {
  _state?: number
  _mask?: Uint8Array
  consume? (length: number): Uint8Array
}

/** A WebSocket of the ws package. */
export interface MaskedSocket {
  readonly _receiver?: Receiver | null
}

/** The state of a receiver that reads the payload of a frame; it has already read the mask. */
const GET_DATA = 4
const MASK_LENGTH = 4
const UNMASKED = new Uint8Array(MASK_LENGTH)
/** A mask as bytes and as one word, in the order of bytes of this machine. */
const MASK = new Uint8Array(MASK_LENGTH)
const MASK_WORD = new Uint32Array(MASK.buffer)

/**
 * Unmasks the data of a client four bytes at a time. All frames of clients are masked (RFC 6455, section 5.3), and ws unmasks them byte by byte.
 */
export function unmaskByWords ({ _receiver: receiver }: MaskedSocket, warnMissing: WarnMissing): void {
  if (typeof receiver?.consume !== 'function' || typeof receiver._state !== 'number') {
    warnMissing('ws', '_receiver.consume or _receiver._state of a socket', 'the data of clients is unmasked byte by byte, which takes more CPU')

    return
  }

  const { consume } = receiver

  receiver.consume = length => {
    const bytes = consume.call(receiver, length)

    if (receiver._state === GET_DATA && receiver._mask?.length === MASK_LENGTH) {
      unmask(bytes, receiver._mask)
      receiver._mask = UNMASKED // ws has nothing left to do
    }

    return bytes
  }
}

/** Unmasks, or masks, bytes in place. */
export function unmask (bytes: Uint8Array, mask: Uint8Array): void {
  const { buffer, byteOffset, length } = bytes
  const start = -byteOffset & 3 // the offset of the first whole word
  const count = (length - start) >> 2

  if (count <= 0) {
    unmaskBytes(bytes, mask, 0, length)

    return
  }

  const words = new Uint32Array(buffer, byteOffset + start, count)

  for (let i = 0; i < MASK_LENGTH; i++) {
    MASK[i] = mask[(start + i) & 3]
  }

  const [word] = MASK_WORD

  for (let i = 0; i < count; i++) {
    words[i] ^= word
  }

  unmaskBytes(bytes, mask, 0, start)
  unmaskBytes(bytes, mask, start + 4 * count, length)
}

function unmaskBytes (bytes: Uint8Array, mask: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    bytes[i] ^= mask[i & 3]
  }
}
