import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runProcess, startProcess } from '@kitsune/interop'
import { MissingToolError } from './errors.ts'

/** The results of the client. */
export interface ClientResult {
  blocks: number
  bytes: number
  /** From the first want to the last block. */
  milliseconds: number
  /** Milliseconds from sending a want to having verified its block. */
  p50: number
  p99: number
  /** Blocks that came again. */
  duplicates: number
  /** Unsolicited blocks, including wrong bytes. */
  unexpected: number
  /** DONT_HAVEs. */
  dontHaves: number
  inboundStreams: number
  inboundMessages: number
  /** The peer id of the client. */
  cpuSeconds: number
}

/** The blocks that a client wants, from which peer or gateway, and how many wants it keeps open. */
export interface ClientInit {
  binary: string
  /** Multiaddr with `/p2p/`, or the URL of a gateway. */
  address: string
  /** The version of HTTP for a gateway. Default: 1. */
  http?: 1 | 2
  /** Ask a gateway only whether it has the blocks. Default: false. */
  head?: boolean
  /** File with one CID in each line. */
  cids: string
  open: number
  warmup: number
}

/** A client that is connected and warm. */
export interface ReadyClient {
  /** Measures. Throws StartError, with what the client printed, when blocks are missing. */
  run (): Promise<ClientResult>
  stop (): Promise<void>
}

// longer than any run on a slow machine: the client itself gives up when
// nothing comes for half a minute
const RUN_TIMEOUT = 30 * 60_000

/**
 * Compiles the client and returns its path. With go's cache this takes a second
 * if nothing has changed.
 *
 * @throws {MissingToolError} if there is no go
 */
export async function buildClient (): Promise<string> {
  const { error } = spawnSync('go', ['version'])

  if (error != null) {
    throw new MissingToolError('the client of the benchmarks is written in Go, and there is no "go" on PATH: install Go 1.26 or later (https://go.dev/doc/install) and try again')
  }

  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kitsune', 'benchmarks')
  const binary = join(folder, 'client')
  mkdirSync(folder, { recursive: true })
  await runProcess('go', ['build', '-C', clientModule(), '-buildvcs=false', '-o', binary, '.'])

  return binary
}

function clientModule (): string {
  // this file runs from src/ and, built, from dist/src/
  let folder = dirname(fileURLToPath(import.meta.url))

  while (!existsSync(join(folder, 'client-go'))) {
    folder = dirname(folder)
  }

  return join(folder, 'client-go')
}

/** Starts a client with a new peer id and resolves when it has fetched its warm-up blocks. */
export async function startClient (init: ClientInit): Promise<ReadyClient> {
  const start = Promise.withResolvers<void>()
  const client = startProcess(init.binary, [
    '-addr', init.address,
    '-http', `${init.http ?? 1}`,
    ...(init.head === true ? ['-head'] : []),
    '-cids', init.cids,
    '-open', `${init.open}`,
    '-warmup', `${init.warmup}`
  ], {
    input: (async function * () {
      await start.promise
      yield new Uint8Array([10])
    })()
  })

  const stop = async (): Promise<void> => {
    start.resolve()
    await client.stop()
  }

  try {
    await client.line(line => line.includes('"ready"'), RUN_TIMEOUT)
  } catch (err) {
    await stop()
    throw err
  }

  return {
    async run () {
      const result = client.line(line => line.includes('"result"'), RUN_TIMEOUT)
      start.resolve()

      return JSON.parse(await result)
    },
    stop
  }
}
