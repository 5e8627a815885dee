import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededBuffer } from './dag.ts'
import { startKubo } from './kubo.ts'
import type { KuboRpc } from './kubo-rpc.ts'

/** A DAG in a CAR that kubo has written. */
export interface CarSample {
  /** What kind of DAG it is. */
  readonly name: string
  readonly root: string
  /** A node or leaf of it that is not its root. */
  readonly inner: string
  /** The CAR, in the folder. */
  readonly file: string
  /** The sha-256 of the CAR, in hex. */
  readonly sha256: string
}

/** How many nodes the deep DAG has, each linked by the one before. */
const DEPTH = 60
/** Files of the directory: each entry has about 50 bytes, and a shard 256 places. */
const ENTRIES = 300

/** Writes CARs of a file of `size` bytes, a sharded directory, a deep DAG and a dag-cbor node with a link into a folder. */
export async function writeCarSamples (binary: string, folder: string, size: number): Promise<CarSample[]> {
  const kubo = await startKubo(binary, { config: { Import: { UnixFSHAMTDirectorySizeThreshold: '1KiB' } } })

  try {
    const roots: Array<readonly [string, string]> = [
      ['file', await add(kubo, [['file', seededBuffer(size, 'file')]])],
      ['directory', await add(kubo, Array.from({ length: ENTRIES }, (_, i) => [`dir/${i}.txt`, seededBuffer(i + 1, `entry ${i}`)] as const))],
      ['deep', await putChain(kubo)],
      ['dag-cbor', await putNode(kubo, { bytes: { '/': { bytes: 'AAEC' } }, link: { '/': await kubo.putBlock(seededBuffer(1000, 'linked')) } })]
    ]

    return await Promise.all(roots.map(async ([name, root]) => exportCar(kubo, folder, name, root)))
  } finally {
    await kubo.stop()
  }
}

/** The sha-256, in hex, of the CAR that a kubo makes of a DAG: equal blocks give equal hashes. */
export async function exportedSha256 (kubo: KuboRpc, root: string): Promise<string> {
  return sha256(await exported(kubo, root))
}

async function exportCar (kubo: KuboRpc, folder: string, name: string, root: string): Promise<CarSample> {
  const car = await exported(kubo, root)
  const file = join(folder, `${name}.car`)
  writeFileSync(file, car)
  const refs = await kubo.call('refs', [root], { recursive: 'true', unique: 'true' })
  const inner = (await refs.text()).trim().split('\n').map(line => (JSON.parse(line) as { Ref: string }).Ref)

  return { name, root, inner: inner[inner.length >> 1], file, sha256: sha256(car) }
}

async function exported (kubo: KuboRpc, root: string): Promise<Uint8Array> {
  return new Uint8Array(await (await kubo.call('dag/export', [root], { progress: 'false', offline: 'true' })).arrayBuffer())
}

async function add (kubo: KuboRpc, files: ReadonlyArray<readonly [string, Uint8Array]>): Promise<string> {
  const form = new FormData()

  for (const [name, bytes] of files) {
    form.append('file', new Blob([new Uint8Array(bytes)]), name)
  }

  const lines = (await (await kubo.call('add', [], { 'cid-version': '1', pin: 'false', progress: 'false' }, { body: form })).text()).trim().split('\n')

  // the last line is that of the outermost folder
  return (JSON.parse(lines[lines.length - 1]) as { Hash: string }).Hash
}

async function putChain (kubo: KuboRpc): Promise<string> {
  let root = await putNode(kubo, { depth: 0 })

  for (let depth = 1; depth < DEPTH; depth++) {
    root = await putNode(kubo, { depth, next: { '/': root } })
  }

  return root
}

async function putNode (kubo: KuboRpc, node: unknown): Promise<string> {
  const form = new FormData()
  form.append('node', new Blob([JSON.stringify(node)]))
  const { Cid } = await (await kubo.call('dag/put', [], { pin: 'false' }, { body: form })).json() as { Cid: { '/': string } }

  return Cid['/']
}

function sha256 (bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
