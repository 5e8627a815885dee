import { DEFAULTS } from '../defaults.ts'
import { ObjectChangedError, StoreRefusedError } from '../errors.ts'
import { openBucket } from '../stores/s3-bucket.ts'
import { s3Put, s3Remove } from '../stores/s3-put.ts'
import { s3Upload } from '../stores/s3-upload.ts'
import { s3Store } from '../stores/s3.ts'
import type { PutOptions, UploadStore } from './map-store.ts'
import type { S3Bucket, S3StoreInit } from '../stores/s3-bucket.ts'

/**
 * An S3 bucket to which a block map and its CARs can be written.
 *
 * The bucket must check `If-Match` and `If-None-Match` of a PUT, as S3, R2 and recent versions
 * of other servers do. If a server ignores them, one writer can undo the change of another. So
 * before its first conditional write the store writes an object `kitsune-probe-…` to find out,
 * and refuses to write if the server does not check them.
 *
 * It cannot tell whether a server returns the right etag with an object that is being replaced.
 * versitygw does not if it keeps etags in a sidecar: then only one writer may run at a time.
 *
 * @throws {InvalidOptionError} if an option is invalid
 */
export function s3MapStore (init: S3StoreInit): UploadStore {
  const store = s3Store(init)
  const bucket = openBucket({ ...init, idleTimeout: init.idleTimeout ?? DEFAULTS.writeTimeout })
  let checksConditions = false

  return {
    ...store,

    async put (object, bytes, options: PutOptions = {}) {
      if ((options.ifAbsent === true || options.ifMatch != null) && !checksConditions) {
        await probeConditions(bucket, options.signal)
        checksConditions = true
      }

      await s3Put(bucket, object, bytes, options)
    },

    remove: async object => s3Remove(bucket, object),

    upload: async (object, from, options = {}) => {
      await s3Upload(bucket, object, from, options, async () => (await store.stat(object, options))?.size)
    }
  }
}

/** @throws {StoreRefusedError} if the server writes although a condition does not hold */
async function probeConditions (bucket: S3Bucket, signal?: AbortSignal): Promise<void> {
  const probe = `kitsune-probe-${crypto.randomUUID()}`
  await s3Put(bucket, probe, new Uint8Array(1), { signal })

  try {
    for (const condition of [{ ifAbsent: true }, { ifMatch: '"00000000000000000000000000000000"' }]) {
      const checked = await s3Put(bucket, probe, new Uint8Array(1), { ...condition, signal }).then(() => false, err => {
        if (err instanceof ObjectChangedError) {
          return true
        }

        throw err
      })

      if (!checked) {
        throw new StoreRefusedError(`${bucket.name}: the server does not check ${'ifAbsent' in condition ? 'If-None-Match' : 'If-Match'} of a PUT, so a map there could lose CARs that two writers add at the same time`)
      }
    }
  } finally {
    await s3Remove(bucket, probe, signal).catch(() => {})
  }
}
