import { readExactly } from '../read-exactly.ts'
import { CarScanner } from './scanner.ts'
import type { ScanInit } from './scanner.ts'
import type { Section } from './section.ts'
import type { ObjectPart, ObjectStore, ReadOptions } from '../object-store.ts'

/** A section with its block, a view of what was read. */
export interface ScannedBlock extends Section {
  readonly bytes: Uint8Array
}

/** Reads a CAR from its beginning to its end, as a {@link CarScanner} does, with all blocks. */
export class BlockScanner {
  /** The scanner underneath, which also knows the layout and the roots. */
  readonly car: CarScanner
  readonly #store: ObjectStore
  /** The last range that the scanner read: it contains most of the blocks in full. */
  #last: { readonly offset: number, readonly bytes: Uint8Array } = { offset: 0, bytes: new Uint8Array() }

  /** @throws {InvalidOptionError} as `CarScanner` does */
  constructor (store: ObjectStore, object: string, init: ScanInit = {}) {
    this.#store = store
    this.car = new CarScanner({
      stat: async (object, options) => store.stat(object, options),
      read: async (object, options) => this.#read(object, options)
    }, object, init)
  }

  /**
   * The blocks of the next range.
   *
   * @throws {MalformedCarError} as `CarScanner.step` does
   */
  async step (signal?: AbortSignal): Promise<ScannedBlock[]> {
    const blocks: ScannedBlock[] = []

    for (const section of await this.car.step(signal)) {
      blocks.push({ ...section, bytes: await this.#bytes(section, signal) })
    }

    return blocks
  }

  async #read (object: string, options: ReadOptions = {}): Promise<ObjectPart | undefined> {
    const part = await this.#store.read(object, options)
    this.#last = { offset: options.offset ?? 0, bytes: part?.bytes ?? new Uint8Array() }

    return part
  }

  async #bytes ({ blockOffset, blockLength }: Section, signal?: AbortSignal): Promise<Uint8Array> {
    const at = blockOffset - this.#last.offset
    const have = at < 0 ? new Uint8Array() : this.#last.bytes.subarray(at, at + blockLength)

    if (have.byteLength === blockLength) {
      return have
    }

    // the last block of a range may continue after it
    const rest = await readExactly(this.#store, this.car.object, {
      offset: blockOffset + have.byteLength,
      length: blockLength - have.byteLength,
      ifMatch: this.car.etag,
      signal
    })
    const bytes = new Uint8Array(blockLength)
    bytes.set(have)
    bytes.set(rest.bytes, have.byteLength)

    return bytes
  }
}
