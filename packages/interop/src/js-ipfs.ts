import { copyFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { RpcError } from './errors.ts'
import { peerFolder } from './peer-folders.ts'
import { removeFolder, startProcess, temporaryFolder } from './processes.ts'

/** A connection as js-ipfs sees it. */
export interface JsIpfsConnection {
  id: string
  peerId: string
  /** The protocol that was negotiated, for example `/mplex/6.7.0`. */
  multiplexer: string
}

/** A js-ipfs in its own process, which knows only the peers that it is connected to. */
export interface JsIpfs {
  readonly peerId: string
  /** `address` has /p2p/. */
  connect (address: string): Promise<void>
  /** `ipfs.block.get`; throws RpcError with what js-ipfs said, or after 60 s. */
  getBlock (cid: string): Promise<Uint8Array>
  /** The bytes of a UnixFS file, from `ipfs.cat`; throws as getBlock does. */
  cat (cid: string): Promise<Uint8Array>
  /** Adds a file, which it preloads if it has preload nodes; returns the CID. Options are those of `ipfs.add`, for CIDv1 with raw leaves unless they say otherwise. */
  add (bytes: Uint8Array, options?: Readonly<Record<string, unknown>>): Promise<string>
  /** Adds a directory of files `0.txt`, `1.txt` …, each filled with `file <number> `; returns its CID. */
  addDirectory (files: number, size: number): Promise<string>
  connections (): Promise<JsIpfsConnection[]>
  /** Ends it and removes its repository. */
  stop (): Promise<void>
}

const CALL_TIMEOUT = 60_000

interface JsIpfsInit {
  /** Multiaddrs of preload nodes, such as /ip4/127.0.0.1/tcp/5001/http. Default: none. */
  readonly preloaders?: readonly string[]
}

/** Starts js-ipfs from a folder `node_modules` that holds it; throws StartError with its output if it does not come up. */
export async function startJsIpfs (modules: string, { preloaders = [] }: JsIpfsInit = {}): Promise<JsIpfs> {
  const folder = temporaryFolder('js-ipfs')
  const script = join(folder, 'client.mjs')

  // beside the script, so that its imports resolve in there
  copyFileSync(join(peerFolder('js-ipfs'), 'client.mjs'), script)
  symlinkSync(resolve(modules), join(folder, 'node_modules'))

  const running = startProcess(process.execPath, [script, join(folder, 'repo'), ...preloaders])
  const line = await running.line(line => line.startsWith('{'))
  const { peerId, url } = JSON.parse(line) as { peerId: string, url: string }

  const call = async (command: string, arg = '', body?: Uint8Array): Promise<Response> => {
    const response = await fetch(`${url}/${command}?${new URLSearchParams({ arg })}`, {
      signal: AbortSignal.timeout(CALL_TIMEOUT),
      ...(body == null ? {} : { method: 'POST', body: new Blob([new Uint8Array(body)]) })
    })

    if (!response.ok) {
      throw new RpcError(`js-ipfs, ${command} ${arg}: ${await response.text()}`)
    }

    return response
  }

  const bytes = async (command: string, cid: string): Promise<Uint8Array> => {
    const response = await call(command, cid)

    return new Uint8Array(await response.arrayBuffer())
  }

  return {
    peerId,
    async connect (address) {
      await (await call('connect', address)).arrayBuffer()
    },
    getBlock: async cid => bytes('block', cid),
    cat: async cid => bytes('cat', cid),
    async add (content, options = {}) {
      return (await call('add', JSON.stringify(options), content)).text()
    },
    async addDirectory (files, size) {
      return (await call('directory', JSON.stringify({ files, size }))).text()
    },
    async connections () {
      return await (await call('connections')).json() as JsIpfsConnection[]
    },
    async stop () {
      // no graceful end: its repository is removed
      running.signal('SIGKILL')
      await running.exited
      removeFolder(folder)
    }
  }
}
