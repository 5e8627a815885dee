import { MalformedIndexError, ObjectChangedError } from '../errors.ts'
import { readExactly } from '../read-exactly.ts'
import type { IndexCache, Lookup } from './index-cache.ts'

/** The version of an object. */
interface Version {
  readonly size: number
  readonly etag?: string
}

/**
 * One version of an index file, which may be part of a larger object. It is read a page
 * at a time, and the pages are kept in the {@link IndexCache}.
 */
export class PagedFile {
  readonly object: string
  /** Where in the object the file begins: pages are counted from here. */
  readonly start: number
  /** Where in the object the file ends at the latest: the end of the object. */
  readonly end: number
  readonly etag?: string
  readonly #cache: IndexCache

  constructor (cache: IndexCache, object: string, start: number, { size, etag }: Version) {
    this.#cache = cache
    this.object = object
    this.start = start
    this.end = size
    this.etag = etag
  }

  /** Opens an index that is a separate object, by reading its first page. */
  static async open (cache: IndexCache, object: string, { signal }: Lookup): Promise<PagedFile> {
    const part = await readExactly(cache.store, object, { length: cache.pageLength, signal })
    const file = new PagedFile(cache, object, 0, part)
    cache.keepPage(file.#key(0), part.bytes)

    return file
  }

  /** The length of its pages, which is that of the cache, in bytes. */
  get pageLength (): number {
    return this.#cache.pageLength
  }

  /**
   * Reads bytes at an offset of the object, together with the rest of their pages. Do
   * not modify them.
   *
   * @throws {MalformedIndexError} if they extend beyond the end, before anything is read
   */
  async read (offset: number, length: number, lookup: Lookup): Promise<Uint8Array> {
    if (offset + length > this.end) {
      throw this.malformed(`${length} bytes are expected, and the object ends at ${this.end}`, offset)
    }

    const first = this.#pageOf(offset)
    const last = this.#pageOf(Math.max(offset, offset + length - 1))
    const pages: Uint8Array[] = []

    for (let number = first; number <= last;) {
      const some = await this.#pages(number, last, lookup)
      pages.push(...some)
      number += some.length
    }

    const at = offset - this.start - first * this.pageLength

    return (pages.length === 1 ? pages[0] : joined(pages)).subarray(at, at + length)
  }

  /** The page that contains an offset: its bytes, and where in the object they begin. */
  async page (offset: number, lookup: Lookup): Promise<{ bytes: Uint8Array, offset: number }> {
    const number = this.#pageOf(offset)
    const [bytes] = await this.#pages(number, number, lookup)

    return { bytes, offset: this.start + number * this.pageLength }
  }

  malformed (reason: string, offset: number): MalformedIndexError {
    return new MalformedIndexError(reason, { object: this.object, offset })
  }

  #pageOf (offset: number): number {
    return Math.floor((offset - this.start) / this.pageLength)
  }

  #key (number: number): string {
    return `${this.object}\0${this.etag ?? this.end}\0${this.start}\0${number}`
  }

  /** Returns page `number` if it is cached, and otherwise reads all consecutive missing pages up to `last`. */
  async #pages (number: number, last: number, lookup: Lookup): Promise<Uint8Array[]> {
    const kept = this.#cache.page(this.#key(number))

    if (kept != null) {
      return [kept]
    }

    let to = number

    while (to < last && this.#cache.page(this.#key(to + 1)) == null) {
      to++
    }

    return lookup.reads.run(this.#key(number) + `\0${to}`, async () => this.#fetch(number, to, lookup.signal), lookup.signal)
  }

  async #fetch (number: number, to: number, signal?: AbortSignal): Promise<Uint8Array[]> {
    const offset = this.start + number * this.pageLength
    const length = Math.min(this.end - offset, (to - number + 1) * this.pageLength)
    const { bytes, size } = await readExactly(this.#cache.store, this.object, { offset, length, ifMatch: this.etag, signal })

    if (size !== this.end) {
      throw new ObjectChangedError(`${this.object} has ${size} bytes, but had ${this.end} when it was opened`)
    }

    return Array.from({ length: to - number + 1 }, (_, i) => {
      const at = i * this.pageLength
      // a copy, so that the page does not keep its neighbours in memory
      const page = to === number ? bytes : bytes.slice(at, at + this.pageLength)
      this.#cache.keepPage(this.#key(number + i), page)

      return page
    })
  }
}

function joined (pages: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pages.reduce((sum, page) => sum + page.length, 0))
  let at = 0

  for (const page of pages) {
    bytes.set(page, at)
    at += page.length
  }

  return bytes
}
