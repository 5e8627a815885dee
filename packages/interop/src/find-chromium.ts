import { findOnPath, isExecutable } from './executables.ts'
import type { Environment } from './peer-folders.ts'

/** A Chromium, or a browser based on it. */
export interface ChromiumBinary {
  path: string
  /** Where the path was found. */
  origin: 'CHROMIUM_BINARY' | 'PATH'
}

/** Everything that a search looked at. */
export interface ChromiumSearch {
  chromium?: ChromiumBinary
  /** One line for each place without a Chromium, with the reason. */
  passedOver: string[]
}

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/**
 * Looks for Chromium in the environment variable `CHROMIUM_BINARY`, then on `PATH`.
 * The tests run with any version, so there is none in the cache.
 *
 * @throws {Error} if `CHROMIUM_BINARY` names something that cannot be run
 */
export function searchChromium (env: Environment = process.env): ChromiumSearch {
  const named = env.CHROMIUM_BINARY

  if (named != null && named !== '') {
    if (!isExecutable(named)) {
      throw new Error(`CHROMIUM_BINARY is ${named}, which cannot be run: correct or unset it`)
    }

    return { chromium: { path: named, origin: 'CHROMIUM_BINARY' }, passedOver: [] }
  }

  const path = findOnPath(NAMES, env)
  const passedOver = ['the environment variable CHROMIUM_BINARY is not set']

  return path == null
    ? { passedOver: [...passedOver, `there is none of ${NAMES.join(', ')} on PATH`] }
    : { chromium: { path, origin: 'PATH' }, passedOver }
}

/** What to print where Chromium was needed and a search did not find it. */
export function chromiumMissing (search: ChromiumSearch): string {
  return [
    'Chromium is missing:',
    ...search.passedOver.map(why => `  ${why}`),
    'install it, on Debian by "apt-get install chromium", or set CHROMIUM_BINARY'
  ].join('\n')
}
