import { constants } from 'node:fs'
import { opendir, open, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { ObjectChangedError, StoreRefusedError, StoreUnavailableError, TruncatedError } from '../errors.ts'
import { checkMaxRead, checkName, checkRead, checkSize, nothing } from './request.ts'
import type { StoreLimits } from './request.ts'
import type { ListingStore, ObjectPart, ReadOptions } from '../object-store.ts'
import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'

export interface FsStoreInit extends StoreLimits {
  /** The folder whose files are the objects; their names are paths below it, with `/` between segments. */
  readonly folder: string
}

/** Opening a named pipe must not block a thread until another process writes to it. Windows has neither flag nor pipes. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
/** Error codes for a file that cannot be opened because it, or a folder in its path, does not exist or cannot have that name. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'])
const REFUSED = new Set(['EACCES', 'EPERM', 'ELOOP'])

/** Reads the files of a folder. It follows symbolic links, so do not let untrusted users create them there. */
export function fsStore (init: FsStoreInit): ListingStore {
  const folder = resolve(init.folder)
  const maxRead = checkMaxRead(init)

  async function read (object: string, options: ReadOptions): Promise<ObjectPart | undefined> {
    const range = checkRead(object, options, maxRead)
    if (range.length === 0) {
      return nothing()
    }
    const file = await open(join(folder, object), FLAGS)

    try {
      const stats = await file.stat({ bigint: true })
      if (!stats.isFile()) {
        return undefined
      }
      const size = Number(stats.size)
      const etag = etagOf(stats)
      if (options.ifMatch != null && options.ifMatch !== etag) {
        throw new ObjectChangedError(`${object} is ${etag}, not ${options.ifMatch}`)
      }
      const bytes = new Uint8Array(checkSize(object, range, size, maxRead))
      await fill(object, file, bytes, range.offset, options.signal)
      return { bytes, size, etag }
    } finally {
      await file.close()
    }
  }

  return {
    async read (object, options = {}) {
      return absentOr(object, async () => read(object, options))
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

/** Reads until the buffer is full: one read may return fewer bytes than requested. */
async function fill (object: string, file: FileHandle, bytes: Uint8Array, offset: number, signal: AbortSignal | undefined): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    signal?.throwIfAborted()
    const { bytesRead } = await file.read(bytes, done, bytes.byteLength - done, offset + done)
    if (bytesRead === 0) {
      throw new TruncatedError(`${object} ends at ${offset + done}: it has become shorter`)
    }
    done += bytesRead
  }
  signal?.throwIfAborted()
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

async function absentOr<T> (object: string, operation: () => Promise<T>): Promise<T | undefined> {
  try {
    return await operation()
  } catch (err) {
    const code = err instanceof Error && 'code' in err ? String(err.code) : undefined
    if (code == null || !/^E[A-Z]+$/.test(code)) {
      throw err
    }
    if (ABSENT.has(code)) {
      return undefined
    }
    throw REFUSED.has(code)
      ? new StoreRefusedError(`${object}: ${code}`, { cause: err })
      : new StoreUnavailableError(`${object}: ${code}`, { cause: err })
  }
}
