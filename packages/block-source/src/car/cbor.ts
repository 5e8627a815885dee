/** The bytes are not the CBOR of a CAR header. The caller turns this into a `MalformedCarError`, which names the object. */
export class InvalidCborError extends Error {
  static name = 'InvalidCborError'
  name = 'InvalidCborError'
  /** The position in the bytes. */
  readonly at: number

  constructor (message: string, at: number) {
    super(message)
    this.at = at
  }
}

const UINT = 0
const BYTES = 2
const TEXT = 3
const ARRAY = 4
const MAP = 5
const TAG = 6

const NULL = 0xf6

/** The tag of a CID in DAG-CBOR. */
const CID_TAG = 42

/**
 * Reads just the CBOR that the header of a CAR, an index or a claim may contain. It checks every
 * declared length against the bytes that are there, and does not recurse: a
 * general decoder allocates what the input tells it to.
 */
export class CborReader {
  readonly #bytes: Uint8Array
  #at: number

  constructor (bytes: Uint8Array, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  /** Whether a map comes next. */
  get isMap (): boolean {
    return this.#bytes[this.#at] >> 5 === MAP
  }

  /** Whether null comes next. */
  get isNull (): boolean {
    return this.#bytes[this.#at] === NULL
  }

  /** Begins a map; returns the number of entries that follow. Each takes at least two bytes. */
  map (): number {
    return this.#count(MAP, 2, 'a map')
  }

  /** Begins an array; returns the number of items that follow. Each takes at least one byte. */
  array (): number {
    return this.#count(ARRAY, 1, 'an array')
  }

  uint (): number {
    return this.#head(UINT, 'an unsigned integer')
  }

  text (): string {
    return new TextDecoder().decode(this.#take(this.#count(TEXT, 1, 'a text')))
  }

  /** A byte string, as a view. */
  bytes (): Uint8Array {
    return this.#take(this.#count(BYTES, 1, 'a byte string'))
  }

  /** A CID as DAG-CBOR writes it: tag 42 around a byte string that begins with a zero. */
  link (): Uint8Array {
    const tag = this.#head(TAG, 'a CID')
    const bytes = this.#take(this.#count(BYTES, 1, 'the bytes of a CID'))

    if (tag !== CID_TAG || bytes[0] !== 0) {
      throw this.invalid('expected a CID')
    }

    return bytes.subarray(1)
  }

  /** Skips the next item of any type, with all items in it; returns a reader of it. */
  item (): CborReader {
    const start = this.#at

    for (let left = 1; left > 0; left--) {
      left += this.#skip()
    }

    return new CborReader(this.#bytes.subarray(0, this.#at), start)
  }

  /** Checks that all bytes have been read. */
  done (): void {
    if (this.#at !== this.#bytes.length) {
      throw this.invalid('there are bytes after the CBOR')
    }
  }

  invalid (reason: string): InvalidCborError {
    return new InvalidCborError(reason, this.#at)
  }

  /** Reads a head whose argument counts the items that follow, each of which takes at least `size` bytes. */
  #count (type: number, size: number, name: string): number {
    const count = this.#head(type, name)

    if (count * size > this.#bytes.length - this.#at) {
      throw this.invalid(`${name} of length ${count} goes beyond the end`)
    }

    return count
  }

  /** Skips an item; returns the number of items within it, which follow. */
  #skip (): number {
    const type = this.#bytes[this.#at] >> 5

    switch (type) {
      case BYTES:
      case TEXT:
        this.#take(this.#count(type, 1, 'a string'))

        return 0
      case ARRAY:
        return this.#count(type, 1, 'an array')
      case MAP:
        return 2 * this.#count(type, 2, 'a map')
      default:
        this.#head(type, 'an item')

        return type === TAG ? 1 : 0
    }
  }

  #head (type: number, name: string): number {
    const first = this.#bytes[this.#at]

    if (first == null || first >> 5 !== type) {
      throw this.invalid(`expected ${name}`)
    }

    this.#at++
    const info = first & 0x1f

    if (info < 24) {
      return info
    }

    if (info > 27) {
      throw this.invalid(`${name} of indefinite length`)
    }

    let value = 0

    for (const byte of this.#take(1 << (info - 24))) {
      value = value * 0x100 + byte
    }

    return value
  }

  #take (length: number): Uint8Array {
    if (length > this.#bytes.length - this.#at) {
      throw this.invalid('the bytes end within the CBOR')
    }

    this.#at += length

    return this.#bytes.subarray(this.#at - length, this.#at)
  }
}
