import { copyFileSync, linkSync, mkdirSync, readFileSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { runProcess } from './processes.ts'

/** The parts of kubo's configuration that the tests set; everything else stays as `ipfs init` writes it. */
export interface KuboConfig {
  Identity: { PeerID: string, PrivKey: string }
  Addresses: { Swarm: string[], API: string, Gateway: string | string[] }
  Routing: Record<string, unknown>
  Gateway?: Record<string, unknown>
  Swarm: { Transports?: Record<string, unknown>, [key: string]: unknown }
  Internal?: { Bitswap?: Record<string, unknown> }
  [section: string]: unknown
}

/** flatfs keeps each block in its own file, in folders named after the end of its key. */
const BLOCK_FILE = '.data'

/** No test may talk to anything but loopback, and kubo must not share one port between tcp and WebSockets (it logs an error for each handshake it guesses wrong). */
export const KUBO_ENV = { IPFS_TELEMETRY: 'off', LIBP2P_TCP_MUX: 'false' }

/** The keys that kubo can make, with the flags of `ipfs init` for each. */
const KEYS = {
  ed25519: [],
  'rsa-4096': ['--algorithm=rsa', '--bits=4096']
} as const

/** The kinds of identities that a kubo can have. */
export type KuboKey = keyof typeof KEYS

/** Initialises an empty, isolated repository in `folder`: no routing, no gateway, loopback only, ports chosen by the system. */
export async function initRepo (binary: string, folder: string, key: KuboKey = 'ed25519'): Promise<void> {
  await runProcess(binary, ['init', '--profile=test', '--empty-repo', ...KEYS[key]], { env: { ...KUBO_ENV, IPFS_PATH: folder } })

  const config = readConfig(folder)
  config.Routing = { ...config.Routing, Type: 'none' }
  config.Addresses.Swarm = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws']
  config.Addresses.API = '/ip4/127.0.0.1/tcp/0'
  config.Addresses.Gateway = ''
  config.AutoConf = { Enabled: false }
  config.AutoTLS = { Enabled: false }
  writeConfig(folder, config)
}

/** Gives the repository a new key, and so a new peer id, which is returned. */
export async function renewIdentity (folder: string, type: KuboKey = 'ed25519'): Promise<string> {
  const key = type === 'ed25519' ? await generateKeyPair('Ed25519') : await generateKeyPair('RSA', 4096)
  const config = readConfig(folder)

  config.Identity = {
    PeerID: peerIdFromPrivateKey(key).toString(),
    PrivKey: Buffer.from(privateKeyToProtobuf(key)).toString('base64')
  }
  writeConfig(folder, config)

  return config.Identity.PeerID
}

/** Reads the configuration of the repository in `folder`. */
export function readConfig (folder: string): KuboConfig {
  return JSON.parse(readFileSync(join(folder, 'config'), 'utf8'))
}

/** Replaces the configuration of the repository in `folder`; only its owner may read it. */
export function writeConfig (folder: string, config: KuboConfig): void {
  writeFileSync(join(folder, 'config'), JSON.stringify(config, null, 2), { mode: 0o600 })
}

/** The block files of a repository, relative to it, in the order of their keys. */
export function listBlocks (folder: string): string[] {
  const blocks = join(folder, 'blocks')

  return readdirSync(blocks, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .flatMap(shard => readdirSync(join(blocks, shard.name))
      .filter(name => name.endsWith(BLOCK_FILE))
      .map(name => join('blocks', shard.name, name)))
    .sort()
}

/** Removes files of blocks, given by their paths in the repository. The kubo must not run. */
export function removeBlocks (folder: string, blocks: Iterable<string>): void {
  for (const block of blocks) {
    unlinkSync(join(folder, block))
  }
}

/**
 * Copies a repository that no daemon has open. Blocks are linked, not copied:
 * kubo writes a block to a temporary file and renames it, so a shared one is
 * never written through a link, and a gigabyte costs nothing.
 */
export function copyRepo (from: string, to: string): void {
  mkdirSync(to, { recursive: true })

  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)

    if (entry.isDirectory()) {
      copyRepo(source, target)
    } else if (entry.name.endsWith(BLOCK_FILE)) {
      linkSync(source, target)
    } else {
      copyFileSync(source, target)
    }
  }
}
