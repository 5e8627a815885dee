import { MissingPeerError } from './errors.ts'
import { chromiumMissing, searchChromium } from './find-chromium.ts'
import { caddyMissing, findCaddy, findRedis, redisMissing } from './find-debian.ts'
import { findGatewayCars, gatewayCarsMissing } from './find-gateway-cars.ts'
import { LAST_JS_IPFS, OLD_JS_IPFS, jsIpfsMissing, jsIpfsVersion, searchJsIpfs } from './find-js-ipfs.ts'
import { kuboMissing, searchKubo } from './find-kubo.ts'
import { OLD_KUBO_VERSION, oldKuboMissing, searchOldKubo } from './find-old-kubo.ts'
import { searchVersitygw, versitygwMissing } from './find-versitygw.ts'

/** The part of mocha's context that is needed to skip. */
export interface Skippable {
  skip (): never | void
  test?: { fullTitle (): string }
}

/** Whether a missing peer is a failure: on CI, or when asked for. */
export function missingFails (env: NodeJS.ProcessEnv = process.env): boolean {
  return env.KITSUNE_NO_SKIP === '1' || env.CI === 'true'
}

/**
 * The path of a kubo binary, to call first in a mocha hook or test. If there is
 * none it prints why, once, names what is skipped, and skips it; or it
 * throws MissingPeerError if a missing peer is a failure.
 */
export function needKubo (context: Skippable, what: string): string {
  const search = searchKubo()

  return search.kubo?.path ?? missing(context, 'kubo', kuboMissing(search), what)
}

/** The path of a binary of an old kubo; if there is none, as {@link needKubo}. */
export function needOldKubo (context: Skippable, what: string): string {
  const search = searchOldKubo()

  return search.kubo?.path ?? missing(context, `kubo ${OLD_KUBO_VERSION}`, oldKuboMissing(search), what)
}

/** The path of the folder with boxo's CARs; if there is none, as {@link needKubo}. */
export function needGatewayCars (context: Skippable, what: string): string {
  return findGatewayCars() ?? missing(context, "boxo's CARs", gatewayCarsMissing(), what)
}

/** The path of a folder `node_modules` with js-ipfs; if there is none, as {@link needKubo}. */
export function needJsIpfs (context: Skippable, what: string, release = LAST_JS_IPFS): string {
  const search = searchJsIpfs(process.env, release)

  return search.jsIpfs?.path ?? missing(context, `js-ipfs ${jsIpfsVersion(release)}`, jsIpfsMissing(search, release), what)
}

/** The same with an old js-ipfs. */
export function needOldJsIpfs (context: Skippable, what: string): string {
  return needJsIpfs(context, what, OLD_JS_IPFS)
}

/** The path of a binary of versitygw, an S3 server; if there is none, as {@link needKubo}. */
export function needVersitygw (context: Skippable, what: string): string {
  const search = searchVersitygw()

  return search.versitygw?.path ?? missing(context, 'versitygw', versitygwMissing(search), what)
}

/** The path of a binary of Chromium; if there is none, as {@link needKubo}. */
export function needChromium (context: Skippable, what: string): string {
  const search = searchChromium()

  return search.chromium?.path ?? missing(context, 'Chromium', chromiumMissing(search), what)
}

/** The path of Caddy; if there is none, as {@link needKubo}. */
export function needCaddy (context: Skippable, what: string): string {
  return findCaddy() ?? missing(context, 'Caddy', caddyMissing(), what)
}

/** The path of Redis' server; if there is none, as {@link needKubo}. */
export function needRedis (context: Skippable, what: string): string {
  return findRedis() ?? missing(context, 'Redis', redisMissing(), what)
}

/** The peers whose absence has been explained. */
const told = new Set<string>()

function missing (context: Skippable, peer: string, why: string, what: string): string {
  if (missingFails()) {
    throw new MissingPeerError(`${what}: ${why}`)
  }

  if (!told.has(peer)) {
    told.add(peer)
    console.warn(why) // eslint-disable-line no-console
  }

  console.warn(`skipped, because ${peer} is missing: ${what}`) // eslint-disable-line no-console
  context.skip()

  return ''
}
