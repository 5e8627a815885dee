import { DEFAULTS } from '../defaults.ts'
import { InvalidOptionError, MalformedCarError } from '../errors.ts'
import { readExactly } from '../read-exactly.ts'
import { headerLength, parseHeader } from './header.ts'
import { parseLayout } from './layout.ts'
import { MAX_SECTION_HEAD, parseSection } from './section.ts'
import type { CarHeader } from './header.ts'
import type { CarLayout } from './layout.ts'
import type { Section, SectionContext } from './section.ts'
import type { ObjectStore } from '../object-store.ts'

/** How a CAR is scanned. */
export interface ScanInit {
  /** The most to read at a time, in bytes; it begins with 64 KiB. Default 1 MiB */
  readonly readLength?: number
  /** Longer sections end the scan in an error. Default 4 MiB */
  readonly maxSectionLength?: number
  /** Longer headers end the scan in an error. Default 512 KiB */
  readonly maxHeaderLength?: number
}

const FIRST_READ = 64 * 1024

/**
 * Reads the sections of a CAR from its beginning to its end, a range at a time. It hashes
 * nothing. The next range begins after the last section, so the rest of a block that a range
 * cuts off is never read.
 *
 * A step changes the state only when it has succeeded: after a failed or aborted one the scan
 * continues where it was. Once all sections before a fault in the CAR have been returned, every
 * further step fails with it.
 *
 * Padding: zeros where a section should begin end the CAR if there is nothing but zeros up to
 * the end of its payload. Zeros before anything else are an error, since the blocks after them
 * would otherwise be silently absent.
 */
export class CarScanner {
  readonly object: string
  readonly #store: ObjectStore
  readonly #maxRead: number
  readonly #maxSectionLength: number
  readonly #maxHeaderLength: number
  #readLength: number
  #opened?: { layout: CarLayout, header: CarHeader, size: number, etag?: string }
  /** Where the next section begins, or zeros that have not been read yet. */
  #position = 0
  /** Where zeros began instead of a section. */
  #padding?: number
  #failure?: MalformedCarError

  /** @throws {InvalidOptionError} if `readLength` is less than a section's CID may take */
  constructor (store: ObjectStore, object: string, init: ScanInit = {}) {
    this.object = object
    this.#store = store
    this.#maxRead = init.readLength ?? DEFAULTS.scanRead
    this.#maxSectionLength = init.maxSectionLength ?? DEFAULTS.maxSectionLength
    this.#maxHeaderLength = init.maxHeaderLength ?? DEFAULTS.maxHeaderLength

    if (!(this.#maxRead >= 2 * MAX_SECTION_HEAD)) {
      throw new InvalidOptionError(`readLength must be at least ${2 * MAX_SECTION_HEAD} bytes`)
    }

    this.#readLength = Math.min(FIRST_READ, this.#maxRead)
  }

  /** Where the parts of the CAR are; undefined before the first step. */
  get layout (): CarLayout | undefined {
    return this.#opened?.layout
  }

  /** The header of the CAR, with its roots; undefined before the first step. */
  get header (): CarHeader | undefined {
    return this.#opened?.header
  }

  /** The version of the object that is scanned, if the store tells. */
  get etag (): string | undefined {
    return this.#opened?.etag
  }

  /** Where the scan is, in bytes from the start of the object. */
  get position (): number {
    return this.#position
  }

  /** Whether all sections have been returned. */
  get done (): boolean {
    return this.#opened != null && this.#failure == null && this.#position >= this.#opened.layout.end
  }

  /**
   * Reads the next range and returns its sections: views of the bytes that were
   * read. They may be none even if the scan is not done.
   *
   * @throws {MalformedCarError} at anything that is not a section, now and at every further step
   * @throws {ObjectMissingError} if there is no such object
   * @throws {ObjectChangedError} if the object has changed since the scan began
   */
  async step (signal?: AbortSignal): Promise<Section[]> {
    if (this.#failure != null) {
      throw this.#failure
    }

    if (this.done) {
      return []
    }

    if (this.#opened == null) {
      return this.#open(signal)
    }

    const { layout, etag } = this.#opened
    const position = this.#position
    const length = Math.min(this.#readLength, layout.end - position)
    const bytes = await this.#read(position, length, etag, signal)

    if (position !== this.#position) {
      // another step has read this range in the meantime
      return []
    }

    this.#readLength = Math.min(this.#readLength * 2, this.#maxRead)

    return this.#sections(bytes, position, this.#opened.layout)
  }

  async #open (signal?: AbortSignal): Promise<Section[]> {
    const { bytes, size, etag } = await readExactly(this.#store, this.object, { length: this.#readLength, signal })

    return this.#guard(async () => {
      const layout = parseLayout(bytes, { object: this.object, size })
      const header = await this.#header(bytes, layout, etag, signal)

      if (this.#opened != null) {
        return []
      }

      this.#opened = { layout, header, size, etag }

      return this.#sections(bytes.subarray(header.end), header.end, layout)
    })
  }

  async #header (head: Uint8Array, layout: CarLayout, etag: string | undefined, signal?: AbortSignal): Promise<CarHeader> {
    const context = { object: this.object, base: layout.start, end: layout.end, maxHeaderLength: this.#maxHeaderLength }
    let bytes = head.subarray(layout.start)

    if (bytes.length < 8 && layout.start + bytes.length < layout.end) {
      bytes = await this.#read(layout.start, Math.min(this.#readLength, layout.end - layout.start), etag, signal)
    }

    const length = headerLength(bytes, context)

    if (length != null && length > bytes.length) {
      bytes = await this.#read(layout.start, length, etag, signal)
    }

    return parseHeader(bytes, context)
  }

  async #read (offset: number, length: number, ifMatch: string | undefined, signal?: AbortSignal): Promise<Uint8Array> {
    return (await readExactly(this.#store, this.object, { offset, length, ifMatch, signal })).bytes
  }

  /** The sections that begin in these bytes. If there is a fault after the first section, the next step throws it. */
  #sections (bytes: Uint8Array, base: number, layout: CarLayout): Section[] {
    const context: SectionContext = { object: this.object, base, end: layout.end, maxSectionLength: this.#maxSectionLength }
    const sections: Section[] = []
    let at = 0

    try {
      while (at < bytes.length && base + at < layout.end) {
        if (this.#padding != null || bytes[at] === 0) {
          at = this.#pad(bytes, at, context)
          break
        }

        const section = parseSection(bytes, at, context)

        if (section == null) {
          break
        }

        sections.push(section)
        at = section.blockOffset + section.blockLength - base
      }

      this.#position = base + at
      this.#checkEnd(layout)
    } catch (err) {
      this.#position = base + at
      this.#fail(err)

      if (sections.length === 0) {
        throw err
      }
    }

    return sections
  }

  /** Zeros where a section should begin: all that follows must be zeros, too. */
  #pad (bytes: Uint8Array, from: number, { object, base, end }: SectionContext): number {
    const to = Math.min(bytes.length, (end ?? Infinity) - base)
    this.#padding ??= base + from

    for (let i = from; i < to; i++) {
      if (bytes[i] !== 0) {
        throw new MalformedCarError(`a section of length 0, and not just padding: the byte at ${base + i} is not 0`, { object, offset: this.#padding })
      }
    }

    return to
  }

  #checkEnd (layout: CarLayout): void {
    if (layout.truncated && this.#position >= layout.end) {
      throw new MalformedCarError('the object ends before the payload of its CARv2 does', { object: this.object, offset: layout.end })
    }
  }

  /** A malformed CAR fails for good, so that it is not read again for each lookup. */
  async #guard<T> (parse: () => Promise<T>): Promise<T> {
    try {
      return await parse()
    } catch (err) {
      this.#fail(err)

      throw err
    }
  }

  #fail (err: unknown): void {
    if (err instanceof MalformedCarError) {
      this.#failure = err
    }
  }
}

/**
 * Yields the sections of a CAR, in order: an array for each read. To learn the layout and the roots too, use a {@link CarScanner}.
 */
export async function * scanCar (store: ObjectStore, object: string, init: ScanInit & { readonly signal?: AbortSignal } = {}): AsyncGenerator<Section[]> {
  const scanner = new CarScanner(store, object, init)

  while (!scanner.done) {
    yield await scanner.step(init.signal)
  }
}
