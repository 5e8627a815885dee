import { readFile, writeFile } from 'node:fs/promises'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'

/** Reads a private key, or creates the file if it does not exist: nodes that peer with the bridge know it by its peer id. */
export async function loadIdentity (file: string): Promise<PrivateKey> {
  try {
    return privateKeyFromProtobuf(await readFile(file))
  } catch (err) {
    if (!isMissing(err)) {
      throw err
    }
  }

  const key = await generateKeyPair('Ed25519')
  await writeFile(file, privateKeyToProtobuf(key), { mode: 0o600, flag: 'wx' })

  return key
}

function isMissing (err: unknown): boolean {
  return err instanceof Error && 'code' in err && err.code === 'ENOENT'
}
