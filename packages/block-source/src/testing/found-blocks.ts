import { parseSection } from '../car/section.ts'
import { expect } from './expect.ts'
import type { BlockIndexSubject } from './subjects.ts'
import type { Located, Location } from '../block-index.ts'

/** The multihashes of a subject's blocks. */
export function hashes ({ blocks }: BlockIndexSubject): Uint8Array[] {
  return blocks.map(({ multihash }) => multihash)
}

/** Checks that the bytes of all blocks are where the index says. */
export async function expectAllFound (subject: BlockIndexSubject): Promise<void> {
  for (const [i, result] of (await subject.index.locate(hashes(subject))).entries()) {
    await expectFound(subject, i, result)
  }
}

/** Checks that the block's bytes are at one of the locations. */
export async function expectFound (subject: BlockIndexSubject, i: number, result: Located | undefined): Promise<void> {
  expect(result != null, `block ${i} has no result`)
  expect(!(result instanceof Error), `block ${i} failed: ${String(result)}`)
  expect(result.length > 0, `block ${i} was not found`)
  const tried: string[] = []

  for (const location of result) {
    checkLocation(location, i)
    const bytes = await read(subject, location).catch((err: Error) => err.message)

    if (typeof bytes !== 'string' && show(bytes) === show(subject.blocks[i].bytes)) {
      return
    }

    tried.push(`${show(location)}: ${typeof bytes === 'string' ? bytes : 'other bytes'}`)
  }

  expect(false, `block ${i} is at none of its locations: ${tried.join('; ')}`)
}

function checkLocation (location: Location, i: number): void {
  for (const number of [location.offset, location.length ?? 0, location.limit ?? 1]) {
    expect(Number.isSafeInteger(number) && number >= 0, `block ${i} has an invalid location: ${show(location)}`)
  }
}

async function read ({ store }: BlockIndexSubject, { object, offset, length, limit, at, etag }: Location): Promise<Uint8Array> {
  if (length === 0) {
    return new Uint8Array()
  }

  const part = await store.read(object, { offset, length: length ?? limit ?? 1 << 22, ifMatch: etag })

  if (part == null) {
    throw new Error(`${object} does not exist`)
  }

  if (at === 'block') {
    return part.bytes
  }

  const section = parseSection(part.bytes, 0, { object, base: offset, end: limit == null ? undefined : offset + limit })

  if (section == null) {
    throw new Error(`no section at ${offset}`)
  }

  const from = section.blockOffset - offset

  return part.bytes.subarray(from, from + section.blockLength)
}

/** A value as a message shows it. */
export function show (value: unknown): string {
  return value instanceof Uint8Array ? value.toString() : JSON.stringify(value)
}
