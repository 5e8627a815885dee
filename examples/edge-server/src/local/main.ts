/* eslint-disable no-console */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { generateKeyPair, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import { base64pad } from 'multiformats/bases/base64'
import { createCosts } from '../costs.ts'
import { ConfigError } from '../errors.ts'
import { openCars } from '../node/cars.ts'
import { startLocalWorker } from './local-worker.ts'
import { makeSampleCar } from './sample-car.ts'
import type { LocalWorker } from './local-worker.ts'

// node main.js [folder]: runs the Worker on workerd with the CARs of a folder in R2, or with a sample

interface Served {
  readonly worker: LocalWorker
  readonly summary: string
  readonly root?: string
}

async function serve (folder: string): Promise<Served> {
  const { summary, root } = await openCars({ kind: 'folder', folder }, createCosts())
  const identity = base64pad.baseEncode(privateKeyToProtobuf(await generateKeyPair('Ed25519')))

  return { worker: await startLocalWorker({ cars: folder, identity }), summary, root }
}

/** Serves the sample. Once the Worker has started, R2 has the sample, so the folder is removed. */
async function serveSample (): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'kitsune-edge-'))

  try {
    await writeFile(join(folder, 'sample.car'), (await makeSampleCar()).bytes)

    return { ...await serve(folder), summary: 'a sample directory' }
  } finally {
    await rm(folder, { recursive: true })
  }
}

try {
  const [folder] = process.argv.slice(2)
  // npm runs this in the folder of the workspace, whatever the folder in which the user called it
  const { worker, summary, root = '<cid>' } = await (folder == null ? serveSample() : serve(resolve(process.env.INIT_CWD ?? '', folder)))

  console.log(`The Worker runs at ${worker.url}, with a new identity, and serves ${summary}. Type into kubo:

  ipfs swarm peering add ${worker.address}
  ipfs get ${root}

Press Ctrl-C to stop.`)

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => { void worker.stop() })
  }
} catch (err) {
  console.error(err instanceof ConfigError ? err.message : err)
  process.exitCode = err instanceof ConfigError ? 2 : 1
}
