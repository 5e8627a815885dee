import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from './consumer.mjs'
import { root } from './root.mjs'

/**
 * The programs of `scripts/outside`, which run in a folder where only packed packages are
 * installed, with the code of their READMEs.
 *
 * @typedef {(command: string, args: string[], options?: { cwd: string, env?: NodeJS.ProcessEnv }) => Promise<void>} Succeed - fails unless the command succeeds
 */

/** The packages that the programs import besides ours. */
export const OUTSIDE = ['@helia/unixfs', '@ipld/car', '@libp2p/identify', '@libp2p/noise', '@libp2p/tcp', '@libp2p/yamux', 'helia', 'libp2p', 'multiformats']

/**
 * A router between kubos: Helia, policies, a node that is replaced during a pin.
 *
 * @param {string} path - of kubo
 * @param {string} folder
 * @param {Succeed} succeed
 */
export async function runRouter (path, folder, succeed) {
  copyProgram(folder, 'router.mjs', '@kitsune/want-router', { 'policies.ts': 'export function denylist', 'replace-member.ts': 'export async function replaceMember' })

  const { createDag } = await import('../../packages/interop/src/dag.ts')
  const { startKubo } = await import('../../packages/interop/src/kubo.ts')
  const size = 64 << 20
  const dag = await createDag(path, { size, blockSize: 64 << 10 })
  const kubos = await Promise.all([startKubo(path, { dag }), startKubo(path, { dag }), startKubo(path)])

  try {
    const [old, next, client] = kubos.map(({ url }) => url)
    const denied = await kubos[0].putBlock(Buffer.from('denied'))
    await succeed(process.execPath, ['router.mjs', old, next, client, dag.root, `${size}`, denied], { cwd: folder })
  } finally {
    await Promise.all(kubos.map(async kubo => kubo.stop()))
  }
}

/**
 * A folder of CARs that is read, and a bucket that `kitsune-index` fills.
 *
 * @param {string} path - of versitygw
 * @param {string} folder
 * @param {Succeed} succeed
 */
export async function runBlockSource (path, folder, succeed) {
  copyProgram(folder, 'block-source.mjs', '@kitsune/block-source', { 'folder.ts': 'fsStore(', 'bucket.ts': "s3Store({ bucket: 'bucket'" })

  const { startVersitygw } = await import('../../packages/interop/src/versitygw.ts')
  const { endpoint, credentials, stop } = await startVersitygw(path, ['bucket'])
  const env = { ...process.env, ENDPOINT: endpoint, AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey, CARS: join(folder, 'cars') }

  try {
    await succeed(process.execPath, ['block-source.mjs'], { cwd: folder, env })
  } finally {
    await stop()
  }
}

/**
 * Copies a program, and beside it the blocks of code of an installed package's README.
 *
 * @param {string} folder
 * @param {string} program
 * @param {string} name - of the package
 * @param {Record<string, string>} codes - what is in the block of code, by the name of the file
 */
function copyProgram (folder, program, name, codes) {
  const readme = readFileSync(join(folder, 'node_modules', ...name.split('/'), 'README.md'), 'utf8')
  cpSync(join(root, 'scripts', 'outside', program), join(folder, program))

  for (const [file, what] of Object.entries(codes)) {
    writeFileSync(join(folder, file), codeOf(readme, what))
  }
}
