import { createPrivateKey, createPublicKey, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { link, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { generateKeyPair, generateKeyPairFromSeed, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { KeyFileError } from '../errors.ts'
import { NO_LOG } from '../log/log.ts'
import type { Log } from '../log/log.ts'
import type { PrivateKey } from '@libp2p/interface'

/** Shorter RSA keys are refused, as go-libp2p does. */
const MIN_RSA_BITS = 2048
/** A libp2p RSA-8192 key has less than 5 KiB. */
const MAX_KEY_FILE = 64 * 1024

/**
 * Reads the private key of the public identity, or creates one if the file does
 * not exist. The format is libp2p's PrivateKey protobuf, which
 * go-libp2p-kitsune and `ipfs key export` write.
 *
 * A new key is Ed25519: its peer id contains the public key, a handshake costs a fraction of an
 * RSA signature, and all recent versions of libp2p support it.
 *
 * Logs a warning if other users can read or write the file.
 *
 * @throws {KeyFileError} the file is not such a key; it is never overwritten
 */
export async function loadOrCreateKey (path: string, log: Pick<Log, 'warn'> = NO_LOG): Promise<PrivateKey> {
  return await loadKey(path, log) ?? await createKey(path, log)
}

async function loadKey (path: string, log: Pick<Log, 'warn'>): Promise<PrivateKey | undefined> {
  let file: { bytes: Uint8Array, mode: number }

  try {
    file = await readKeyFile(path)
  } catch (err) {
    if (isCode(err, 'ENOENT')) {
      return undefined
    }

    throw new KeyFileError(`cannot read key file ${path}: ${(err as Error).message}`)
  }

  try {
    const key = await parseKey(file.bytes)

    if ((file.mode & 0o077) !== 0 && process.platform !== 'win32') {
      log.warn(`other users can access the key file ${path} (mode ${file.mode.toString(8).padStart(4, '0')}): chmod 600 ${path}`, { event: 'key-file', path })
    }

    return key
  } catch (err) {
    throw new KeyFileError(`key file ${path} is unusable and was left unchanged: ${(err as Error).message}; restore it from a backup, or move it away to get a new peer id`)
  }
}

/** Reads a regular file of bounded size: a FIFO could wait forever, a device might never end. */
async function readKeyFile (path: string): Promise<{ bytes: Uint8Array, mode: number }> {
  // without O_NONBLOCK, opening a FIFO waits in a thread that not even process.exit ends
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))

  try {
    const stats = await file.stat()

    if (!stats.isFile()) {
      throw new Error('it is not a regular file')
    }

    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_KEY_FILE + 1), 0, MAX_KEY_FILE + 1, 0)

    return { bytes: buffer.subarray(0, bytesRead), mode: stats.mode & 0o777 }
  } finally {
    await file.close()
  }
}

/** Decodes a key and checks that its two halves match. */
async function parseKey (bytes: Uint8Array): Promise<PrivateKey> {
  if (bytes.byteLength === 0 || bytes.byteLength > MAX_KEY_FILE) {
    throw new Error(bytes.byteLength === 0 ? 'it is empty' : `it has more than ${MAX_KEY_FILE} bytes`)
  }

  let key: PrivateKey

  try {
    key = privateKeyFromProtobuf(bytes)
  } catch {
    throw new Error('it is not a libp2p private key (protobuf)')
  }

  if (key.type === 'RSA') {
    const bits = createPublicKey({ key: Buffer.from(key.publicKey.raw), format: 'der', type: 'spki' }).asymmetricKeyDetails?.modulusLength ?? 0

    if (bits < MIN_RSA_BITS) {
      throw new Error(`its RSA key has ${bits} bits, but at least ${MIN_RSA_BITS} are required`)
    }
  } else if (key.type !== 'Ed25519') {
    throw new Error(`its type is ${key.type}, but only Ed25519 and RSA are supported`)
  }

  if (!await halvesMatch(key)) {
    throw new Error('its private and public halves do not match')
  }

  return key
}

async function halvesMatch (key: PrivateKey): Promise<boolean> {
  if (key.type === 'RSA') {
    return rsaMatches(key)
  }

  const derived = await generateKeyPairFromSeed('Ed25519', key.raw.subarray(0, 32))

  return derived.publicKey.equals(key.publicKey)
}

/**
 * Checks the numbers of an RSA key: OpenSSL signs correctly even if some of them are
 * damaged, since the key contains them redundantly.
 */
function rsaMatches (key: PrivateKey): boolean {
  const jwk = createPrivateKey({ key: Buffer.from(key.raw), format: 'der', type: 'pkcs1' }).export({ format: 'jwk' })
  const [n, e, d, p, q, dp, dq, qi] = [jwk.n, jwk.e, jwk.d, jwk.p, jwk.q, jwk.dp, jwk.dq, jwk.qi]
    .map(number => BigInt(`0x0${Buffer.from(String(number), 'base64url').toString('hex')}`))

  return p > 1n && q > 1n && p * q === n &&
    (e * d) % (p - 1n) === 1n && (e * d) % (q - 1n) === 1n &&
    dp === d % (p - 1n) && dq === d % (q - 1n) && (qi * q) % p === 1n
}

/**
 * Creates a key file atomically, and never overwrites another: it writes a
 * temporary file with a unique name, then hard-links it, which fails if the name is
 * taken. If two processes start at once, one creates the key and the other reads it.
 */
async function createKey (path: string, log: Pick<Log, 'warn'>): Promise<PrivateKey> {
  const key = await generateKeyPair('Ed25519')
  const draft = `${path}.${randomUUID()}.tmp`

  try {
    await writeExclusive(draft, privateKeyToProtobuf(key))

    try {
      await link(draft, path).catch(async (err) => {
        if (isCode(err, 'EEXIST')) {
          throw err
        }

        // the file system has no hard links: fall back to exclusive creation
        await writeExclusive(path, privateKeyToProtobuf(key))
      })
    } catch (err) {
      if (isCode(err, 'EEXIST')) {
        return await loadKey(path, log) ?? fail(path, 'it is a dangling symbolic link')
      }

      throw err
    }

    await syncFolder(dirname(path))
  } catch (err) {
    if (err instanceof KeyFileError) {
      throw err
    }

    fail(path, (err as Error).message)
  } finally {
    await rm(draft, { force: true })
  }

  return key
}

async function writeExclusive (path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600)

  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder (path: string): Promise<void> {
  const folder = await open(path, 'r')

  try {
    await folder.sync()
  } catch {
    // not every file system can sync folders
  } finally {
    await folder.close()
  }
}

function fail (path: string, why: string): never {
  throw new KeyFileError(`cannot create key file ${path}: ${why}`)
}

function isCode (err: unknown, code: string): boolean {
  return err instanceof Error && 'code' in err && err.code === code
}
