import { link, mkdir, open, rename, rm, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DEFAULTS } from '../defaults.ts'
import { InvalidNameError, ObjectChangedError } from '../errors.ts'
import { readExactly } from '../read-exactly.ts'
import { fsStore } from '../stores/fs.ts'
import type { PutOptions, UploadFrom, UploadOptions, UploadStore } from './map-store.ts'
import type { ObjectStore } from '../object-store.ts'
import type { FsStoreInit } from '../stores/fs.ts'
import type { FileHandle } from 'node:fs/promises'

/**
 * The files of a folder as a store that a block map can be written to. A file is first written
 * under a temporary name and then renamed, so readers see all of it or nothing.
 *
 * If several writers change a file at the same time, one succeeds, and the others get an
 * `ObjectChangedError`. A writer holds `<file>.lock` while it changes a file. If its process
 * dies then, the lock stays, and all further writers fail until someone removes it.
 */
export function folderMapStore (init: FsStoreInit): UploadStore {
  const folder = resolve(init.folder)
  const store = fsStore(init)

  /** Writes a file under a temporary name, and lets `move` give it its own. */
  async function writeBeside (object: string, signal: AbortSignal | undefined, fill: (file: FileHandle) => Promise<unknown>, move: (temporary: string, path: string) => Promise<void>): Promise<void> {
    // `stat` refuses names that lead out of the folder
    await store.stat(object, { signal })
    checkOwn(object)
    const path = join(folder, object)
    const temporary = `${path}.${crypto.randomUUID()}.tmp`
    await mkdir(dirname(path), { recursive: true })

    try {
      await write(temporary, fill)
      await move(temporary, path)
    } finally {
      await rm(temporary, { force: true })
    }
  }

  async function put (object: string, bytes: Uint8Array, { ifMatch, ifAbsent, signal }: PutOptions = {}): Promise<void> {
    await writeBeside(object, signal, async file => file.writeFile(bytes), async (temporary, path) => {
      if (ifAbsent === true) {
        await linkTo(temporary, path, object)
      } else if (ifMatch == null) {
        await rename(temporary, path)
      } else {
        await replace(store, { object, ifMatch, temporary, path })
      }
    })
  }

  async function upload (object: string, { store: from, object: name, size, etag }: UploadFrom, { signal, progress }: UploadOptions = {}): Promise<void> {
    await writeBeside(object, signal, async file => {
      for (let offset = 0; offset < size; offset += DEFAULTS.uploadPart) {
        const { bytes } = await readExactly(from, name, { offset, length: Math.min(DEFAULTS.uploadPart, size - offset), ifMatch: etag, signal })
        await file.writeFile(bytes)
        progress?.(offset + bytes.byteLength)
      }
    }, rename)
  }

  return {
    ...store,
    put,
    upload,
    async remove (object) {
      await store.stat(object)
      checkOwn(object)
      await rm(join(folder, object), { force: true })
    }
  }
}

function checkOwn (object: string): void {
  if (/\.(?:lock|tmp)$/.test(object)) {
    throw new InvalidNameError(`${object} ends with .lock or .tmp, as temporary files of writers do`)
  }
}

/** Writes a file and waits until it is on the disk, so that a root never refers to a shard that a power cut has lost. */
async function write (path: string, fill: (file: FileHandle) => Promise<unknown>): Promise<void> {
  const file = await open(path, 'wx')

  try {
    await fill(file)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Unlike renaming, linking never replaces an existing file. */
async function linkTo (temporary: string, path: string, object: string): Promise<void> {
  await link(temporary, path).catch((err: NodeJS.ErrnoException) => {
    throw err.code === 'EEXIST' ? new ObjectChangedError(`${object} exists`) : err
  })
}

/** A file that replaces one version of another. */
interface Replacement {
  readonly object: string
  readonly ifMatch: string
  readonly temporary: string
  readonly path: string
}

async function replace (store: ObjectStore, { object, ifMatch, temporary, path }: Replacement): Promise<void> {
  const lock = `${path}.lock`
  const file = await open(lock, 'wx').catch((err: NodeJS.ErrnoException) => {
    throw err.code === 'EEXIST' ? new ObjectChangedError(`another writer is changing ${object}; if it has died, remove ${lock}`) : err
  })

  try {
    const info = await store.stat(object)

    if (info?.etag !== ifMatch) {
      throw new ObjectChangedError(`${object} is ${info?.etag ?? 'not there'}, not ${ifMatch}`)
    }

    await rename(temporary, path)
  } finally {
    await file.close()
    await unlink(lock)
  }
}
