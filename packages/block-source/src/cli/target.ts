import { statSync } from 'node:fs'
import { InvalidOptionError } from '../errors.ts'
import { folderMapStore } from '../map/folder-map-store.ts'
import { s3MapStore } from '../map/s3-map-store.ts'
import { UsageError } from './errors.ts'
import type { Args } from './args.ts'
import type { UploadStore } from '../map/map-store.ts'
import type { S3Credentials } from '../stores/s3-bucket.ts'

/** Environment variables, by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** @throws {UsageError} if the target is neither a folder nor a bucket that can be reached */
export function openTarget ({ command, target, endpoint, region, virtualHost }: Args, env: Environment): UploadStore {
  const [, scheme, rest] = /^(\w+):\/\/(.*)$/.exec(target) ?? []

  if (scheme == null) {
    // only add creates a folder: otherwise a mistyped name would look like a folder without CARs
    if (command !== 'add' && statSync(target, { throwIfNoEntry: false })?.isDirectory() !== true) {
      throw new UsageError(`${target}: there is no such folder`)
    }

    return folderMapStore({ folder: target })
  }

  if (scheme !== 's3' || !/^[^/]+\/?$/.test(rest)) {
    throw new UsageError(`${target}: a target must be a folder or s3://<bucket>`)
  }

  try {
    return s3MapStore({
      bucket: rest.replace(/\/$/, ''),
      region: region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION,
      endpoint: endpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL,
      addressing: virtualHost ? 'virtual-host' : 'path',
      credentials: credentialsOf(env)
    })
  } catch (err) {
    throw err instanceof InvalidOptionError ? new UsageError(err.message) : err
  }
}

function credentialsOf ({ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken }: Environment): S3Credentials {
  if (accessKeyId == null || secretAccessKey == null) {
    throw new UsageError('set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to the credentials of the bucket')
  }

  return { accessKeyId, secretAccessKey, ...(sessionToken == null || sessionToken === '' ? {} : { sessionToken }) }
}
