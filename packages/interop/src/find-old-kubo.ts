import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { versionOf } from './find-kubo.ts'
import { peerCache } from './peer-folders.ts'
import type { KuboSearch } from './find-kubo.ts'
import type { Environment } from './peer-folders.ts'

/**
 * A kubo of 2023, from before boxo's bitswap was rewritten: it sends each reply
 * as a stream, data and end in one flight, and still speaks mplex. Many such nodes
 * are never updated. This is the oldest version that each change is tested with; its
 * Go module pins it.
 */
export const OLD_KUBO_VERSION = '0.24.0'

/** Where `npm run peers` puts it. */
export function oldKuboCachePath (env: Environment = process.env): string {
  return join(peerCache(env), `kubo-${OLD_KUBO_VERSION}`, 'ipfs')
}

/**
 * Looks for the old kubo in the environment variable `OLD_KUBO_BINARY`, then in
 * the cache that `npm run peers` fills. A binary named by the variable is taken
 * whatever its version is.
 *
 * @throws {Error} if `OLD_KUBO_BINARY` names something that does not run
 */
export function searchOldKubo (env: Environment = process.env): KuboSearch {
  const named = env.OLD_KUBO_BINARY

  if (named != null && named !== '') {
    const version = versionOf(named)

    if (version == null) {
      throw new Error(`OLD_KUBO_BINARY is ${named}, which does not answer "version --number" as kubo does: correct or unset it`)
    }

    return { kubo: { path: named, version, origin: 'OLD_KUBO_BINARY' }, passedOver: [] }
  }

  const passedOver = ['the environment variable OLD_KUBO_BINARY is not set']
  const cached = oldKuboCachePath(env)
  const version = existsSync(cached) ? versionOf(cached) : undefined

  return version == null
    ? { passedOver: [...passedOver, existsSync(cached) ? `${cached} does not run` : `there is no ${cached}`] }
    : { kubo: { path: cached, version, origin: 'cache' }, passedOver }
}

/** What to print where the old kubo was needed and a search did not find it. */
export function oldKuboMissing (search: KuboSearch): string {
  return [
    `no kubo ${OLD_KUBO_VERSION} was found:`,
    ...search.passedOver.map(line => `  - ${line}`),
    'run "npm run peers" at the root of the repository to build it, or set OLD_KUBO_BINARY to an ipfs binary of about that age'
  ].join('\n')
}
