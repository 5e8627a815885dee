import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { peerCache, peerFolder } from './peer-folders.ts'
import type { Environment } from './peer-folders.ts'

/** versitygw, an S3 server over a folder. */
export interface VersitygwBinary {
  path: string
  /** Where the path was found. */
  origin: 'VERSITYGW_BINARY' | 'cache'
}

/** Everything that a search looked at. */
export interface VersitygwSearch {
  versitygw?: VersitygwBinary
  /** One line for each place without a versitygw, with the reason. */
  passedOver: string[]
}

/** The folder of the Go module that pins versitygw and its dependencies. */
export function versitygwModule (): string {
  return peerFolder('versitygw')
}

/** The version of versitygw that the tests are written against, for example `1.8.0`. */
export function versitygwVersion (): string {
  const file = join(versitygwModule(), 'go.mod')
  const version = /^\s*github\.com\/versity\/versitygw v(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1]

  if (version == null) {
    throw new Error(`${file} requires no version of github.com/versity/versitygw`)
  }

  return version
}

/** Where `npm run peers` puts its versitygw; the version is part of the path. */
export function versitygwCachePath (env: Environment = process.env): string {
  return join(peerCache(env), `versitygw-${versitygwVersion()}`, 'versitygw')
}

/**
 * Looks for versitygw in the environment variable `VERSITYGW_BINARY`, then in the
 * cache that `npm run peers` fills.
 *
 * @throws {Error} if `VERSITYGW_BINARY` names something that does not run
 */
export function searchVersitygw (env: Environment = process.env): VersitygwSearch {
  const named = env.VERSITYGW_BINARY

  if (named != null && named !== '') {
    if (!versitygwRuns(named)) {
      throw new Error(`VERSITYGW_BINARY is ${named}, which does not answer "--version" as versitygw does: correct or unset it`)
    }

    return { versitygw: { path: named, origin: 'VERSITYGW_BINARY' }, passedOver: [] }
  }

  const cached = versitygwCachePath(env)
  const passedOver = ['the environment variable VERSITYGW_BINARY is not set']

  return versitygwRuns(cached)
    ? { versitygw: { path: cached, origin: 'cache' }, passedOver }
    : { passedOver: [...passedOver, `${cached} does not exist or does not run`] }
}

/** What to print where versitygw was needed and a search did not find it. */
export function versitygwMissing (search: VersitygwSearch): string {
  return [
    'no versitygw was found:',
    ...search.passedOver.map(line => `  - ${line}`),
    'run "npm run peers" at the root of the repository to build it, or set VERSITYGW_BINARY to its binary'
  ].join('\n')
}

/** Whether it is versitygw, of any version: a build of its Go module does not know its version. */
export function versitygwRuns (binary: string): boolean {
  if (!existsSync(binary)) {
    return false
  }

  const { status, stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8', timeout: 20_000 })

  return status === 0 && /^Version\s*:/m.test(stdout)
}
