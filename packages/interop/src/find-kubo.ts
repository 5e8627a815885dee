import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { peerCache, peerFolder } from './peer-folders.ts'
import type { Environment } from './peer-folders.ts'

/** Where a kubo was found. */
export type KuboOrigin = 'KUBO_BINARY' | 'OLD_KUBO_BINARY' | 'PATH' | 'cache'

/** A kubo that answered when asked for its version. */
export interface Kubo {
  /** Path of the `ipfs` binary. */
  path: string
  /** The version that `ipfs version --number` printed, for example `0.43.0`. */
  version: string
  origin: KuboOrigin
}

/** Everything that a search looked at. */
export interface KuboSearch {
  kubo?: Kubo
  /** One line for each place without a suitable kubo, with the reason. */
  passedOver: string[]
}

/**
 * The folder of the Go module whose `go.mod` pins kubo and whose `go.sum` pins
 * all dependencies of kubo.
 */
export function kuboModule (): string {
  return peerFolder('kubo')
}

/** The version of kubo that the tests are written against, for example `0.43.0`. */
export function kuboVersion (): string {
  const file = join(kuboModule(), 'go.mod')
  const version = /^\s*github\.com\/ipfs\/kubo v(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1]

  if (version == null) {
    throw new Error(`${file} requires no version of github.com/ipfs/kubo`)
  }

  return version
}

/**
 * Where `npm run peers` puts its kubo. The version is part of the path, so a
 * new pin never finds an old binary.
 */
export function kuboCachePath (env: Environment = process.env): string {
  return join(peerCache(env), `kubo-${kuboVersion()}`, 'ipfs')
}

/**
 * Looks for kubo in the environment variable `KUBO_BINARY`, then for `ipfs` on
 * `PATH`, then in the cache that `npm run peers` fills.
 *
 * A binary named by the variable is taken whatever its version is. One that is only
 * found on `PATH` must be at least as new as the pinned version: an
 * older one, or js-ipfs, which has the same name, would fail the tests for
 * unrelated reasons.
 *
 * @throws {Error} if `KUBO_BINARY` names something that does not run: a test must
 * not fall back to another kubo
 */
export function searchKubo (env: Environment = process.env): KuboSearch {
  const passedOver: string[] = []

  if (env.KUBO_BINARY != null && env.KUBO_BINARY !== '') {
    const version = versionOf(env.KUBO_BINARY)

    if (version == null) {
      throw new Error(`KUBO_BINARY is ${env.KUBO_BINARY}, which does not answer "version --number" as kubo does: correct or unset it`)
    }

    return { kubo: { path: env.KUBO_BINARY, version, origin: 'KUBO_BINARY' }, passedOver }
  }

  passedOver.push('the environment variable KUBO_BINARY is not set')

  const path = onPath('ipfs', env)

  if (path == null) {
    passedOver.push('there is no ipfs on PATH')
  } else {
    const version = versionOf(path)

    if (version != null && isAtLeast(version, kuboVersion())) {
      return { kubo: { path, version, origin: 'PATH' }, passedOver }
    }

    passedOver.push(version == null
      ? `${path}, on PATH, does not answer "version --number" as kubo does`
      : `${path}, on PATH, has version ${version}, older than ${kuboVersion()}`)
  }

  const cached = kuboCachePath(env)

  if (!existsSync(cached)) {
    passedOver.push(`there is no ${cached}`)
  } else {
    const version = versionOf(cached)

    if (version != null) {
      return { kubo: { path: cached, version, origin: 'cache' }, passedOver }
    }

    passedOver.push(`${cached} does not run`)
  }

  return { passedOver }
}

/** The kubo to test with, if there is one. See {@link searchKubo}. */
export function findKubo (env: Environment = process.env): Kubo | undefined {
  return searchKubo(env).kubo
}

/** What to print where kubo was needed and a search did not find it. */
export function kuboMissing (search: KuboSearch): string {
  return [
    'no kubo was found:',
    ...search.passedOver.map(line => `  - ${line}`),
    'run "npm run peers" at the root of the repository to build it, or set KUBO_BINARY to an ipfs binary'
  ].join('\n')
}

function onPath (name: string, env: Environment): string | undefined {
  return (env.PATH ?? '')
    .split(delimiter)
    .filter(folder => folder !== '')
    .map(folder => join(folder, name))
    .find(file => existsSync(file))
}

/** The answer of a binary to kubo's version command; undefined if it does not answer. */
export function versionOf (binary: string): string | undefined {
  const { status, stdout } = spawnSync(binary, ['version', '--number'], {
    encoding: 'utf8',
    timeout: 20_000,
    env: { ...process.env, IPFS_TELEMETRY: 'off' }
  })

  return status === 0 ? /^\d+\.\d+\.\d+\S*/.exec(stdout)?.[0] : undefined
}

function isAtLeast (version: string, pinned: string): boolean {
  return version.localeCompare(pinned, 'en', { numeric: true }) >= 0
}
