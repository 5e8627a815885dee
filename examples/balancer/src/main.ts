import { startBalancer } from './balancer.ts'
import { resolveConfig } from './config/config.ts'
import { credentialsLeftOut, toConfigFile } from './config/config-file.ts'
import { collectSettings, oneLine, unknownVariables } from './config/layers.ts'
import { helpText } from './config/options.ts'
import { redact } from './config/secret.ts'
import { loadStrategy } from './config/strategy.ts'
import { ConfigError } from './errors.ts'
import { createLog } from './log/log.ts'
import { probe } from './probe.ts'
import { NAME, version } from './version.ts'
import type { Balancer, BalancerOptions } from './balancer.ts'
import type { BalancerConfig } from './config/config.ts'
import type { Settings, Sources } from './config/layers.ts'
import type { Log } from './log/log.ts'

/** What the program needs of its process. */
export interface Surroundings extends Sources {
  /** A line on stdout. */
  print (line: string): void
  /** A line on stderr. */
  complain (line: string): void
  /** Resolves with the name of the next SIGTERM or SIGINT. Before the first call they end the process. */
  signal (): Promise<string>
  /** Is told of rejections that nobody handled, from now on. */
  unhandled (listener: (reason: unknown) => void): void
}

/** How `npm start` differs from the command. */
export interface MainInit extends BalancerOptions {
  /** Default of `--key`. */
  readonly key?: string
  /** Called when the configuration is accepted and before the key is looked at. */
  prepare? (config: BalancerConfig): Promise<void>
}

/** The program's exit codes. */
export const EXIT = { ok: 0, failed: 1, usage: 2, killed: 130 } as const

/**
 * Runs the balancer as a program until it is told to stop.
 *
 * @returns the exit code
 */
export async function main (surroundings: Surroundings, init: MainInit = {}): Promise<number> {
  const { print } = surroundings
  let settings: Settings = {}

  try {
    settings = collectSettings(surroundings)

    if (settings.help != null) {
      print(helpText())
      return EXIT.ok
    }

    if (settings.version != null) {
      print(version())
      return EXIT.ok
    }

    const config = resolveConfig(settings, path => surroundings.readFile(path), { key: init.key })

    return settings.checkConfig == null
      ? await run(config, settings, surroundings, init)
      : await check(config, settings.probe != null, surroundings)
  } catch (err) {
    return failed(err, settings, surroundings)
  }
}

async function run (config: BalancerConfig, settings: Settings, surroundings: Surroundings, { prepare, ...options }: MainInit): Promise<number> {
  const { print } = surroundings
  const log = programLog(config, surroundings)

  return untilStopped(async () => {
    await prepare?.(config)
    const balancer = await startBalancer(config, { log, ...options })

    if (settings.json != null) {
      print(JSON.stringify({ peerId: balancer.peerId, addresses: balancer.addresses, admin: balancer.adminUrl }))
    } else {
      greet(balancer, config, print)
    }

    return balancer
  }, config, surroundings, log)
}

/** The log of a program, which also gets what nobody handled and what looks like a mistake. */
export function programLog ({ logLevel, log: format }: BalancerConfig, { complain, unhandled, env }: Surroundings): Log {
  const log = createLog({ level: logLevel, format, write: complain })

  unhandled(reason => {
    log.error(`unhandled rejection: ${reason instanceof Error ? reason.stack : String(reason)}`, { event: 'unhandled-rejection' })
  })

  for (const name of unknownVariables(env)) {
    log.warn(`${name} is no variable of this program and is ignored`, { event: 'unknown-variable', name })
  }

  return log
}

/** Prints the configuration as a file, and what is to be said of it. */
async function check (config: BalancerConfig, probing: boolean, { print, complain }: Surroundings): Promise<number> {
  await loadStrategy(config.strategy, config.downstreams)
  print(JSON.stringify(toConfigFile(config), undefined, 2))

  for (const id of credentialsLeftOut(config)) {
    complain(`${NAME}: the credentials of ${id} are not shown; in a file they are written as "authFile", the path of a file that holds them`)
  }

  const nodes = probing ? await probe(config) : []

  for (const { id, reached, detail } of nodes) {
    complain(`${NAME}: node ${id} ${reached ? 'is reached' : 'cannot be reached'}: ${redact(oneLine(detail))}`)
  }

  return nodes.every(({ reached }) => reached) ? EXIT.ok : EXIT.failed
}

/** One line on stderr, as JSON if the log was to be JSON. */
export function failed (err: unknown, settings: Settings, { complain }: Surroundings): number {
  const message = redact(oneLine(err))

  if (settings.log?.value === 'json') {
    createLog({ level: 'error', format: 'json', write: complain }).error(message, { event: 'failed', error: err instanceof Error ? err.name : 'Error' })
  } else {
    complain(`${NAME}: ${message}`)
  }

  return err instanceof ConfigError ? EXIT.usage : EXIT.failed
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
 * Starts, waits for a signal, then lets transfers finish; a second signal cuts
 * them. A signal that comes while it still starts ends it at once.
 *
 * @returns the exit code
 */
export async function untilStopped (start: () => Promise<Balancer>, { grace }: BalancerConfig, { signal }: Surroundings, log: Log): Promise<number> {
  const first = signal()
  const starting = start()
  const balancer = await Promise.race([starting, first.then(() => undefined)])

  if (balancer == null) {
    log.info(`${await first} during the start: nothing to finish`, { event: 'stopping' })
    // the process ends before it is of interest how the start would have gone
    starting.catch(() => {})

    return EXIT.ok
  }

  const name = await first
  const second = signal().then(() => EXIT.killed)

  log.info(`${name}: finishing transfers for at most ${grace} s; again to exit at once`, { event: 'stopping', signal: name, graceSeconds: grace })

  return Promise.race([
    second,
    balancer.drain({ signal: AbortSignal.timeout(grace * 1000) })
      // the grace is over: what is left is cut
      .catch(() => {})
      .then(async () => balancer.stop())
      .then(() => EXIT.ok)
  ])
}
