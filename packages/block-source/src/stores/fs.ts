import { constants } from 'node:fs'
import { opendir, open, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ObjectChangedError, TruncatedError } from '../errors.ts'
import { absentOr } from './fs-errors.ts'
import { checkMaxRead, checkName, checkRead, checkSize, nothing, outOfRange } from './request.ts'
import type { StoreLimits } from './request.ts'
import type { ListingStore, ObjectInfo, ObjectPart, ReadOptions } from '../object-store.ts'
import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

/** The folder of a store, and its limits. */
export interface FsStoreInit extends StoreLimits {
  /** The folder whose files are the objects; their names are paths below it, with `/` between segments. */
  readonly folder: string
}

/** Opening a named pipe must not block a thread until another process writes to it. Windows has neither flag nor pipes. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

/** Reads the files of a folder. It follows symbolic links, so do not let untrusted users create them there. */
export function fsStore (init: FsStoreInit): ListingStore {
  const folder = resolve(init.folder)
  const maxRead = checkMaxRead(init)

  async function read (object: string, options: ReadOptions): Promise<ObjectPart | undefined> {
    const range = checkRead(object, options, maxRead)

    if (range.length === 0) {
      return nothing()
    }

    return withFile(folder, object, options.ifMatch, async (file, size, etag) => {
      const bytes = new Uint8Array(checkSize(object, range, size, maxRead))
      await fill(object, file, [bytes], range.offset, options.signal)

      return { bytes, size, etag }
    })
  }

  async function readInto (object: string, buffers: readonly Uint8Array[], options: ReadOptions): Promise<ObjectInfo | undefined> {
    const length = buffers.reduce((sum, { byteLength }) => sum + byteLength, 0)
    const { offset } = checkRead(object, { ...options, length }, maxRead)

    return withFile(folder, object, options.ifMatch, async (file, size, etag) => {
      if (offset + length > size) {
        throw outOfRange(object, offset + length, size)
      }

      await fill(object, file, buffers, offset, options.signal)

      return { size, etag }
    })
  }

  return {
    async read (object, options = {}) {
      return absentOr(object, async () => read(object, options))
    },

    async readInto (object, buffers, options = {}) {
      return absentOr(object, async () => readInto(object, buffers, options))
    },

    async stat (object, { signal } = {}) {
      checkName(object)
      signal?.throwIfAborted()

      return absentOr(object, async () => {
        const stats = await stat(join(folder, object), { bigint: true })

        return stats.isFile() ? { size: Number(stats.size), etag: etagOf(stats) } : undefined
      })
    },

    list (prefix, { signal } = {}) {
      // list the last folder in the prefix, since the rest may be the beginning of many names
      const below = prefix.slice(0, prefix.lastIndexOf('/') + 1)

      return walk(folder, below, prefix, signal)
    }
  }
}

/** Opens a version of a file, if it exists and is a file. */
async function withFile<T> (folder: string, object: string, ifMatch: string | undefined, use: (file: FileHandle, size: number, etag: string) => Promise<T>): Promise<T | undefined> {
  const file = await open(join(folder, object), FLAGS)

  try {
    const stats = await file.stat({ bigint: true })

    if (!stats.isFile()) {
      return undefined
    }

    const etag = etagOf(stats)

    if (ifMatch != null && ifMatch !== etag) {
      throw new ObjectChangedError(`${object} is ${etag}, not ${ifMatch}`)
    }

    return await use(file, Number(stats.size), etag)
  } finally {
    await file.close()
  }
}

/** Reads until the buffers are full: one read may return fewer bytes than requested. */
async function fill (object: string, file: FileHandle, buffers: readonly Uint8Array[], offset: number, signal: AbortSignal | undefined): Promise<void> {
  let left = buffers.filter(({ byteLength }) => byteLength > 0)
  let at = offset

  while (left.length > 0) {
    signal?.throwIfAborted()
    const { bytesRead } = await file.readv(left, at)

    if (bytesRead === 0) {
      throw new TruncatedError(`${object} ends at ${at}: it has become shorter`)
    }

    at += bytesRead
    left = skip(left, bytesRead)
  }

  signal?.throwIfAborted()
}

/** The buffers, or parts of them, that remain after this many bytes were filled. */
function skip (buffers: readonly Uint8Array[], filled: number): Uint8Array[] {
  let left = filled
  const whole = buffers.findIndex(({ byteLength }) => {
    left -= byteLength

    return left < 0
  })

  return whole === -1 ? [] : [buffers[whole].subarray(left), ...buffers.slice(whole + 1)]
}

async function * walk (folder: string, below: string, prefix: string, signal: AbortSignal | undefined): AsyncGenerator<string> {
  if (below !== '') {
    checkName(below.slice(0, -1))
  }

  const entries = await absentOr(below, async () => opendir(join(folder, below)))

  for await (const entry of entries ?? []) {
    signal?.throwIfAborted()
    const name = below + entry.name
    const kind = entry.isSymbolicLink() ? await absentOr(name, async () => stat(join(folder, name))) : entry

    if (kind?.isDirectory() === true) {
      if (`${name}/`.startsWith(prefix) || prefix.startsWith(`${name}/`)) {
        yield * walk(folder, `${name}/`, prefix, signal)
      }
    } else if (kind?.isFile() === true && name.startsWith(prefix)) {
      yield name
    }
  }
}

/** A version that changes with any write: the file's size, time of the last change, and identity. */
function etagOf ({ size, mtimeNs, ino }: BigIntStats): string {
  return `"${[size, mtimeNs, ino].map(part => part.toString(36)).join('-')}"`
}
