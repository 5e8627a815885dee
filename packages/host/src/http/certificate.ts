import { readFile, stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { CertificateError } from '../errors.ts'

/** Paths of PEM files. */
export interface TlsFiles {
  /** The certificate, followed by the chain to its root. */
  readonly cert: string
  readonly key: string
}

/** The contents of the files. */
export interface KeyPair {
  readonly cert: Buffer
  readonly key: Buffer
}

/** A certificate and its key, which may be renewed while a server uses them. */
export interface Certificate {
  readonly current: KeyPair
  /** Reads the files if they have changed; undefined: they have not. */
  renew (): Promise<KeyPair | undefined>
}

/**
 * Reads a certificate and its key.
 *
 * @throws {CertificateError} they cannot be read, or do not belong together
 */
export async function loadCertificate (files: TlsFiles): Promise<Certificate> {
  let version = await versionOf(files)
  let current = await readPair(files)

  return {
    get current () { return current },

    async renew () {
      const found = await versionOf(files)

      if (found === version) {
        return undefined
      }

      // the two files are not written in one step: if they do not match, they are read again once one has changed again
      version = found
      current = await readPair(files)

      return current
    }
  }
}

async function readPair (files: TlsFiles): Promise<KeyPair> {
  const cert = await read(files.cert)
  const key = await read(files.key)

  try {
    createSecureContext({ cert, key })
  } catch (err) {
    throw new CertificateError(`${files.cert} and ${files.key} are not a certificate and its key: ${(err as Error).message}`)
  }

  return { cert, key }
}

async function read (path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (err) {
    throw new CertificateError(`${path} cannot be read: ${(err as Error).message}`)
  }
}

/** The version of both files, through links: certbot and Kubernetes renew a certificate by changing the target of a link. */
async function versionOf ({ cert, key }: TlsFiles): Promise<string> {
  const versions = await Promise.all([cert, key].map(async path => {
    try {
      const { ino, mtimeMs, size } = await stat(path)

      return `${ino}/${mtimeMs}/${size}`
    } catch {
      return ''
    }
  }))

  return versions.join()
}
