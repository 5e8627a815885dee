import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { removeFolder, startProcess, temporaryFolder } from './processes.ts'
import type { Exit } from './processes.ts'

interface EdgeServerInit {
  /** The folder of CARs, or `s3://<bucket>`. */
  readonly cars: string
  readonly args?: readonly string[]
  readonly env?: Record<string, string>
}

/** A `kitsune-edge` in its own process. */
export interface EdgeServer {
  readonly peerId: string
  /** Where clients dial over tcp, with /p2p/. */
  readonly tcp: string
  /** Where clients dial over WebSockets, with /p2p/. */
  readonly ws: string
  readonly pid: number
  readonly output: readonly string[]
  /** Sends SIGTERM, and removes its files. */
  stop (): Promise<Exit>
}

/** Starts the command on loopback, and resolves when it has printed where it listens. */
export async function startEdgeServer ({ cars, args = [], env = {} }: EdgeServerInit): Promise<EdgeServer> {
  const folder = temporaryFolder('edge')
  const running = startProcess(process.execPath, [
    fileURLToPath(new URL('./node/bin.js', import.meta.resolve('kitsune-edge'))),
    cars,
    '--listen', '/ip4/127.0.0.1/tcp/0',
    '--listen', '/ip4/127.0.0.1/tcp/0/ws',
    '--key', join(folder, 'key'),
    '--json',
    ...args
  ], { env })
  const { peerId, addresses } = JSON.parse(await running.line(line => line.startsWith('{'))) as { peerId: string, addresses: string[] }

  return {
    peerId,
    tcp: addresses.find(address => !address.includes('/ws')) ?? '',
    ws: addresses.find(address => address.includes('/ws')) ?? '',
    pid: running.pid,
    output: running.output,
    async stop () {
      const exit = await running.stop()
      removeFolder(folder)

      return exit
    }
  }
}
