import { ConfigError } from '../errors.ts'
import { NAME, VERSION } from '../version.ts'
import { printDenylistKv } from './denylist-command.ts'
import { printDnsaddr } from './dnsaddr-command.ts'
import { HELP, parseOptions } from './options.ts'
import { startEdgeServer } from './server.ts'
import type { Environment } from './options.ts'
import type { EdgeServer } from './server.ts'

/** Everything that the program uses of its process. */
export interface ProcessContext {
  readonly argv: readonly string[]
  readonly env: Environment
  /** Writes a line to stdout. */
  print (line: string): void
  /** Writes a line to stderr. */
  printError (line: string): void
  /** Resolves at the first SIGTERM or SIGINT. */
  readonly stopped: Promise<void>
}

/** The commands, of which the first argument may be one instead of a folder or a bucket. */
const COMMANDS: ReadonlyMap<string | undefined, (argv: readonly string[], print: ProcessContext['print']) => Promise<void>> = new Map([
  ['dnsaddr', printDnsaddr],
  ['denylist-kv', printDenylistKv]
])

/** How long transfers may take to finish after a signal, ms. */
const GRACE = 10_000

/**
 * Runs the server until a signal stops it, or another command.
 *
 * @returns the exit code
 */
export async function main ({ argv, env, print, printError, stopped }: ProcessContext): Promise<number> {
  try {
    const command = COMMANDS.get(argv[0])

    if (command != null) {
      await command(argv.slice(1), print)

      return 0
    }

    const options = parseOptions(argv, env)

    if (options == null) {
      print(HELP)

      return 0
    }

    const server = await startEdgeServer(options, ({ message }) => { printError(`${NAME}: ${message}`) })

    if (options.json) {
      print(JSON.stringify({ peerId: server.peerId, addresses: server.addresses, urls: server.urls }))
    } else {
      greet(server, print)
    }

    await stopped
    await server.stop({ signal: AbortSignal.timeout(GRACE) })

    return 0
  } catch (err) {
    printError(`${NAME}: ${(err as Error).message}`)

    return err instanceof ConfigError ? 2 : 1
  }
}

function greet ({ peerId, addresses, urls, summary, root }: EdgeServer, print: (line: string) => void): void {
  print(`${NAME} ${VERSION}`)
  print(`  serves   ${summary}`)
  print(`  peer id  ${peerId}`)
  addresses.forEach((address, i) => { print(`  ${i === 0 ? 'address' : '       '}  ${address}`) })
  urls.forEach((url, i) => { print(`  ${i === 0 ? 'http   ' : '       '}  ${url}`) })

  if (addresses.length > 0) {
    print('')
    print('Type into kubo:')
    print('')
    // kubo asks peers on the internet only if it is peered with them
    print(`  ipfs swarm peering add ${addresses[0]}`)
    print(`  ipfs get ${root ?? '<cid>'}`)
  }
}
