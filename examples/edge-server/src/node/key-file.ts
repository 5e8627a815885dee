import { readFile, writeFile } from 'node:fs/promises'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { ConfigError } from '../errors.ts'
import { parsePrivateKey } from '../identity.ts'
import type { PrivateKey } from '@libp2p/interface'

/**
 * Reads the private key of the server, or creates the file with a new one if it does not exist: clients know the server by its peer id.
 *
 * @throws {ConfigError} the file is not a key, or cannot be read or created
 */
export async function loadOrCreateKey (path: string): Promise<PrivateKey> {
  return await loadKey(path) ?? createKey(path)
}

async function loadKey (path: string): Promise<PrivateKey | undefined> {
  try {
    return parsePrivateKey(await readFile(path))
  } catch (err) {
    if (isCode(err, 'ENOENT')) {
      return undefined
    }

    throw new ConfigError(`key file ${path}: ${(err as Error).message}`)
  }
}

async function createKey (path: string): Promise<PrivateKey> {
  const key = await generateKeyPair('Ed25519')

  try {
    await writeFile(path, privateKeyToProtobuf(key), { mode: 0o600, flag: 'wx' })
  } catch (err) {
    // another process was faster
    const theirs = isCode(err, 'EEXIST') ? await loadKey(path) : undefined

    if (theirs != null) {
      return theirs
    }

    throw new ConfigError(`cannot create the key file ${path}: ${(err as Error).message}`)
  }

  return key
}

function isCode (err: unknown, code: string): boolean {
  return err instanceof Error && 'code' in err && err.code === code
}
