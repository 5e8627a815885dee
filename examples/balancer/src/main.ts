import { startBalancer } from './balancer.ts'
import { resolveConfig } from './config/config.ts'
import { collectSettings, oneLine } from './config/layers.ts'
import { helpText } from './config/options.ts'
import { redact } from './config/secret.ts'
import { loadStrategy } from './config/strategy.ts'
import { ConfigError } from './errors.ts'
import { NAME, version } from './version.ts'
import type { Balancer, BalancerOptions } from './balancer.ts'
import type { BalancerConfig } from './config/config.ts'
import type { Sources } from './config/layers.ts'

/** What the program needs of its process. */
export interface Surroundings extends Sources {
  /** A line on stdout. */
  print (line: string): void
  /** A line on stderr. */
  complain (line: string): void
  /** Resolves with the name of the next SIGTERM or SIGINT. */
  signal (): Promise<string>
}

/** The program's exit codes. */
export const EXIT = { ok: 0, failed: 1, usage: 2, killed: 130 } as const

/**
 * Runs the balancer as a program until it is told to stop.
 *
 * @returns the exit code
 */
export async function main (surroundings: Surroundings, options?: BalancerOptions): Promise<number> {
  const { print, complain } = surroundings

  try {
    const settings = collectSettings(surroundings)

    if (settings.help != null) {
      print(helpText())
      return EXIT.ok
    }

    if (settings.version != null) {
      print(version())
      return EXIT.ok
    }

    const config = resolveConfig(settings, path => surroundings.readFile(path))

    if (settings.checkConfig != null) {
      await loadStrategy(config.strategy, config.downstreams)
      print(JSON.stringify(config, undefined, 2))
      return EXIT.ok
    }

    const balancer = await startBalancer(config, { complain: line => { complain(`${NAME}: ${line}`) }, ...options })

    if (settings.json != null) {
      print(JSON.stringify({ peerId: balancer.peerId, addresses: balancer.addresses, admin: balancer.adminUrl }))
    } else {
      greet(balancer, config, print)
    }

    return await finish(balancer, config, surroundings)
  } catch (err) {
    complain(`${NAME}: ${redact(oneLine(err))}`)

    return err instanceof ConfigError ? EXIT.usage : EXIT.failed
  }
}

/** Tells people what runs. */
export function greet (balancer: Balancer, config: BalancerConfig, print: (line: string) => void): void {
  print(`${NAME} ${version()}`)
  print(`  peer id  ${balancer.peerId}`)
  balancer.addresses.forEach((address, i) => { print(`  ${i === 0 ? 'address' : '       '}  ${address}`) })

  if (balancer.addresses.length > 0) {
    print(`  clients  ipfs swarm peering add ${balancer.addresses[0]}`)
  }

  print(`  nodes    ${config.downstreams.map(({ id }) => id).join(', ')} (${config.strategy})`)
  print(`  admin    ${balancer.adminUrl} (/healthz /readyz /metrics /status)`)
}

/**
 * Waits for a signal, then lets transfers finish; a second signal cuts them.
 *
 * @returns the exit code
 */
export async function finish (balancer: Balancer, { grace }: BalancerConfig, { signal, complain }: Surroundings): Promise<number> {
  const name = await signal()
  const second = signal().then(() => EXIT.killed)

  complain(`${NAME}: ${name}: finishing transfers for at most ${grace} s; again to exit at once`)

  return Promise.race([
    second,
    balancer.drain({ signal: AbortSignal.timeout(grace * 1000) })
      // the grace is over: what is left is cut
      .catch(() => {})
      .then(async () => balancer.stop())
      .then(() => EXIT.ok)
  ])
}
