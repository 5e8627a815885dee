import { startBalancer } from './balancer.ts'
import { resolveConfig } from './config/config.ts'
import { credentialsLeftOut, toConfigFile } from './config/effective-config.ts'
import { helpText } from './config/help.ts'
import { collectSettings, oneLine, unknownVariables } from './config/layers.ts'
import { redact } from './config/secret.ts'
import { loadStrategy } from './config/strategy.ts'
import { ConfigError, WorkerFailedError } from './errors.ts'
import { createLog } from './log/log.ts'
import { probe } from './probe.ts'
import { NAME, version } from './version.ts'
import { startPrimary } from './workers/primary.ts'
import type { Balancer, BalancerOptions } from './balancer.ts'
import type { BalancerConfig } from './config/config.ts'
import type { Settings } from './config/layers.ts'
import type { Log } from './log/log.ts'
import type { ProcessContext } from './process-context.ts'
import type { Announcement } from './workers/messages.ts'
import type { Running } from './workers/primary.ts'

/** How `npm start` differs from the command. */
export interface MainInit extends BalancerOptions {
  /** Default of `--key`. */
  readonly key?: string
  /** Called after the configuration is accepted and before the key is read. */
  prepare? (config: BalancerConfig): Promise<void>
}

/** The program's exit codes. */
export const EXIT = { ok: 0, failed: 1, usage: 2, killed: 130 } as const

/**
 * Runs the balancer as a program until a signal stops it.
 *
 * @returns the exit code
 */
export async function main (context: ProcessContext, init: MainInit = {}): Promise<number> {
  const { print } = context
  let settings: Settings = {}

  try {
    settings = collectSettings(context)

    if (settings.help != null) {
      print(helpText())

      return EXIT.ok
    }

    if (settings.version != null) {
      print(version())

      return EXIT.ok
    }

    const config = resolveConfig(settings, path => context.readFile(path), { key: init.key })

    return settings.checkConfig == null
      ? await run(config, settings, context, init)
      : await check(config, settings.probe != null, context)
  } catch (err) {
    return reportFailure(err, settings, context)
  }
}

async function run (config: BalancerConfig, settings: Settings, context: ProcessContext, { prepare, ...options }: MainInit): Promise<number> {
  const { print, worker } = context
  const log = createProgramLog(config, context)

  return runUntilStopped(async () => {
    await prepare?.(config)
    const reloads = createReloads(context)
    const running = config.workers > 1 && worker == null
      ? await startPrimary(config, log)
      : inThisProcess(await startBalancer(config, { log, serveAdmin: worker?.serveAdmin, ...options }))
    reloads(() => { reload(running, context, options.key, log) })

    if (worker != null) {
      worker.started(running.announcement)
    } else if (settings.json != null) {
      print(JSON.stringify(running.announcement))
    } else {
      greet(running.announcement, config, print)
    }

    return running
  }, config, context, log)
}

function inThisProcess (balancer: Balancer): Running {
  return {
    announcement: announcementOf(balancer),
    reload: config => { balancer.reload(config) },
    drain: async options => { await balancer.drain(options) },
    stop: async () => { await balancer.stop() }
  }
}

/** The announcement of a balancer that listens. */
export function announcementOf ({ peerId, addresses, httpUrls, adminUrl, preloadUrl }: Balancer): Announcement {
  return { peerId, addresses, ...(httpUrls.length > 0 ? { http: httpUrls } : {}), admin: adminUrl, preload: preloadUrl }
}

/** Handles each SIGHUP from now on; one that arrives during the start takes effect after it. */
function createReloads ({ onHangUp }: ProcessContext): (reload: () => void) => void {
  let missed = false
  let act = (): void => { missed = true }
  onHangUp(() => { act() })

  return reload => {
    act = reload

    if (missed) {
      reload()
    }
  }
}

/** Reads the configuration again. An invalid one changes nothing. */
function reload (running: Running, context: ProcessContext, key: string | undefined, log: Log): void {
  try {
    running.reload(resolveConfig(collectSettings(context), path => context.readFile(path), { key }))
  } catch (err) {
    log.error(`SIGHUP: keeping the old configuration: ${oneLine(err)}`, { event: 'reload-failed', reason: oneLine(err) })
  }
}

/** Creates the log of a program, which also reports errors that nothing has caught, and unknown variables. */
export function createProgramLog ({ logLevel, log: format }: BalancerConfig, { printError, onUncaught, env, worker }: ProcessContext): Log {
  const log = createLog({ level: logLevel, format, worker: worker?.number, write: printError })

  onUncaught(stack => {
    log.error(`not caught: ${stack}`, { event: 'uncaught' })
  })

  for (const name of unknownVariables(env)) {
    log.warn(`${name} is not a variable of this program and is ignored`, { event: 'unknown-variable', name })
  }

  return log
}

/** Prints the configuration as a config file on stdout, and remarks about it on stderr. */
async function check (config: BalancerConfig, probing: boolean, { print, printError }: ProcessContext): Promise<number> {
  await loadStrategy(config.strategy, config.downstreams)
  print(JSON.stringify(toConfigFile(config), undefined, 2))

  for (const id of credentialsLeftOut(config)) {
    printError(`${NAME}: the credentials of ${id} are not shown; in a config file, write "authFile" with the path of a file that holds them`)
  }

  if (config.redis?.hasCredentials === true) {
    printError(`${NAME}: the credentials of Redis are not shown; give the whole URL in KITSUNE_REDIS`)
  }

  const nodes = probing ? await probe(config) : []

  for (const { id, reached, detail } of nodes) {
    printError(`${NAME}: node ${id} ${reached ? 'was reached' : 'cannot be reached'}: ${redact(oneLine(detail))}`)
  }

  return nodes.every(({ reached }) => reached) ? EXIT.ok : EXIT.failed
}

/**
 * Prints one line on stderr, as JSON if the log is configured to be JSON.
 *
 * @returns the exit code
 */
export function reportFailure (err: unknown, settings: Settings, { printError }: ProcessContext): number {
  if (err instanceof WorkerFailedError) {
    return err.exitCode
  }

  const message = redact(oneLine(err))

  if (settings.log?.value === 'json') {
    createLog({ level: 'error', format: 'json', write: printError }).error(message, { event: 'failed', error: err instanceof Error ? err.name : 'Error' })
  } else {
    printError(`${NAME}: ${message}`)
  }

  return err instanceof ConfigError ? EXIT.usage : EXIT.failed
}

/** Prints the balancer's identity, addresses and nodes for people. */
export function greet ({ peerId, addresses, http = [], preload, admin }: Announcement, config: BalancerConfig, print: (line: string) => void): void {
  print(`${NAME} ${version()}`)
  print(`  peer id  ${peerId}`)
  addresses.forEach((address, i) => { print(`  ${i === 0 ? 'address' : '       '}  ${address}`) })

  if (addresses.length > 0) {
    print(`  clients  ipfs swarm peering add ${addresses[0]}`)
  }

  http.forEach((url, i) => { print(`  ${i === 0 ? 'http   ' : '       '}  ${url}`) })
  print(`  nodes    ${config.downstreams.map(({ id }) => id).join(', ')} (${config.strategy})`)

  if (preload != null) {
    print(`  preload  ${preload}/api/v0/refs`)
  }

  print(`  admin    ${admin} (/healthz /readyz /metrics /status)`)
}

/**
 * Starts the balancer, waits for a signal, then lets transfers finish; a second
 * signal cuts them. A signal during the start ends the program at once.
 *
 * @returns the exit code
 */
export async function runUntilStopped (start: () => Promise<Pick<Running, 'drain' | 'stop'>>, { grace }: BalancerConfig, { nextSignal }: ProcessContext, log: Log): Promise<number> {
  const first = nextSignal()
  const starting = start()
  const balancer = await Promise.race([starting, first.then(() => undefined)])

  if (balancer == null) {
    log.info(`${await first} during the start: there are no transfers to finish`, { event: 'stopping' })
    // the process ends, so the result of the start does not matter any more
    starting.catch(() => {})

    return EXIT.ok
  }

  const name = await first
  const second = nextSignal().then(() => EXIT.killed)

  log.info(`${name}: finishing transfers for at most ${grace} s; a second signal exits at once`, { event: 'stopping', signal: name, graceSeconds: grace })

  return Promise.race([
    second,
    balancer.drain({ signal: AbortSignal.timeout(grace * 1000) })
      // the grace period is over: cut the transfers that are left
      .catch(() => {})
      .then(async () => balancer.stop())
      .then(() => EXIT.ok)
  ])
}
