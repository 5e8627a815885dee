import { MissingPeerError } from './errors.ts'
import { kuboMissing, searchKubo } from './find-kubo.ts'

/** The part of mocha's context that skipping takes. */
export interface Skippable {
  skip (): never | void
  test?: { fullTitle (): string }
}

/** Whether a missing peer is a failure: on CI, or when asked for. */
export function missingFails (env: NodeJS.ProcessEnv = process.env): boolean {
  return env.KITSUNE_NO_SKIP === '1' || env.CI === 'true'
}

let told = false

/**
 * The path of a kubo binary, for a mocha hook or test to begin with. Where
 * there is none it says why, once, names what is skipped, and skips it; or
 * throws MissingPeerError where a missing peer is a failure.
 */
export function needKubo (context: Skippable, what: string): string {
  const search = searchKubo()

  if (search.kubo != null) {
    return search.kubo.path
  }

  if (missingFails()) {
    throw new MissingPeerError(`${what}: ${kuboMissing(search)}`)
  }

  if (!told) {
    told = true
    console.warn(kuboMissing(search)) // eslint-disable-line no-console
  }

  console.warn(`skipped, for want of kubo: ${what}`) // eslint-disable-line no-console
  context.skip()

  return ''
}
