import './node-version.ts'
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { createHost } from '@kitsune/host/node'
import { createBlockClient } from '@kitsune/want-router/client'
import { multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import { readFile, resolvePath } from './fetch/unixfs-reader.ts'
import { selectHashers } from './hashers.ts'
import type { GetBlock } from './fetch/unixfs-reader.ts'
import type { Writable } from 'node:stream'

const USAGE = 'Usage: fetch <multiaddr with /p2p/> <cid>[/path] [-o <file>, or - for stdout] [--timeout <seconds>]'

/**
 * Fetches a file, or all files of a folder, from one peer by bitswap, with a new
 * identity, and prints what it received. It verifies each block.
 */
async function main (argv: string[]): Promise<number> {
  const { positionals: [address, target], values: { output, timeout } } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      output: { type: 'string', short: 'o' },
      timeout: { type: 'string', default: '60' }
    }
  })

  if (address == null || target == null) {
    throw new TypeError(USAGE)
  }

  const [root, ...names] = target.replace(/^\/ipfs\//, '').split('/').filter(name => name !== '')
  const signal = AbortSignal.timeout(Number(timeout) * 1000)
  const host = await createHost({ agent: { name: 'kitsune-fetch', version: '0' } })
  await host.start()

  try {
    const { get } = await createBlockClient(host, multiaddr(address), { hashers: selectHashers('all'), signal })
    const entry = await resolvePath(get, CID.parse(root), names)

    if (entry.kind === 'file') {
      await fetchFile(get, entry.cid, names.at(-1) ?? root, output)
    } else if (output != null) {
      throw new TypeError(`${target} is a folder: add the name of one of its files, ${entry.entries.map(({ name }) => name).join(', ')}`)
    } else {
      for (const { name, cid } of entry.entries) {
        await fetchFile(get, cid, name)
      }
    }
  } finally {
    await host.stop()
  }

  return 0
}

async function fetchFile (get: GetBlock, cid: CID, name: string, output?: string): Promise<void> {
  const begin = performance.now()
  const hash = createHash('sha256')
  const file = openOutput(output)
  let size = 0

  for await (const bytes of readFile(get, cid)) {
    hash.update(bytes)
    size += bytes.byteLength
    await write(file, bytes)
  }

  if (file != null && file !== process.stdout) {
    file.end()
    await finished(file)
  }

  const ms = performance.now() - begin
  process.stderr.write(`${name}: ${size} bytes in ${ms.toFixed(0)} ms, sha256 ${hash.digest('hex')}${file == null || output === '-' ? '' : `, written to ${output}`}\n`)
}

function openOutput (output: string | undefined): Writable | undefined {
  if (output != null) {
    return output === '-' ? process.stdout : createWriteStream(output)
  }
}

async function write (file: Writable | undefined, bytes: Uint8Array): Promise<void> {
  if (file != null) {
    await new Promise<void>((resolve, reject) => {
      file.write(bytes, err => { err == null ? resolve() : reject(err) })
    })
  }
}

try {
  process.exit(await main(process.argv.slice(2)))
} catch (err) {
  process.stderr.write(`fetch: ${(err as Error).message}\n`)
  process.exit(err instanceof TypeError ? 2 : 1)
}
