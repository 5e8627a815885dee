import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { peerCache, peerFolder } from './peer-folders.ts'
import type { Environment } from './peer-folders.ts'

/** One of the versions of js-ipfs that tests use. */
export interface JsIpfsRelease {
  /** The folder of packages/interop/peers whose lockfile pins it. */
  readonly peer: string
  /** The environment variable that names another folder `node_modules`. */
  readonly variable: string
}

/** The last release. */
export const LAST_JS_IPFS: JsIpfsRelease = { peer: 'js-ipfs', variable: 'JS_IPFS_MODULES' }
/** A release of 2022, before js-ipfs and its libp2p were ported to ES modules. */
export const OLD_JS_IPFS: JsIpfsRelease = { peer: 'old-js-ipfs', variable: 'OLD_JS_IPFS_MODULES' }

/** A folder `node_modules` that holds js-ipfs. */
export interface JsIpfs {
  path: string
  /** The version of its `ipfs-core`, for example `0.18.1`. */
  version: string
  /** Where the path was found: the environment variable, or `cache`. */
  origin: string
}

/** Everything that a search looked at. */
export interface JsIpfsSearch {
  jsIpfs?: JsIpfs
  /** One line for each place without a js-ipfs, with the reason. */
  passedOver: string[]
}

/** The version that the tests are written against. */
export function jsIpfsVersion ({ peer } = LAST_JS_IPFS): string {
  return JSON.parse(readFileSync(join(peerFolder(peer), 'package.json'), 'utf8')).dependencies['ipfs-core']
}

/**
 * Where `npm run peers` installs js-ipfs. The lockfile's digest is part of the
 * path, so a changed pin never finds an old installation.
 */
export function jsIpfsCachePath (env: Environment = process.env, release = LAST_JS_IPFS): string {
  const lockfile = readFileSync(join(peerFolder(release.peer), 'package-lock.json'))
  const digest = createHash('sha256').update(lockfile).digest('hex').slice(0, 8)

  return join(peerCache(env), `js-ipfs-${jsIpfsVersion(release)}-${digest}`, 'node_modules')
}

/**
 * Looks for js-ipfs in the folder that the release's environment variable
 * names, then in the cache that `npm run peers` fills.
 *
 * @throws {Error} if the variable names a folder without js-ipfs: a test must not
 * fall back to another version
 */
export function searchJsIpfs (env: Environment = process.env, release = LAST_JS_IPFS): JsIpfsSearch {
  const { variable } = release
  const named = env[variable]

  if (named != null && named !== '') {
    const version = versionIn(named)

    if (version == null) {
      throw new Error(`${variable} is ${named}, which has no ipfs-core: name a folder node_modules in which ipfs-core is installed, or unset it`)
    }

    return { jsIpfs: { path: named, version, origin: variable }, passedOver: [] }
  }

  const cached = jsIpfsCachePath(env, release)
  const version = versionIn(cached)
  const passedOver = [`the environment variable ${variable} is not set`]

  return version == null
    ? { passedOver: [...passedOver, `there is no ipfs-core in ${cached}`] }
    : { jsIpfs: { path: cached, version, origin: 'cache' }, passedOver }
}

/** What to print where js-ipfs was needed and a search did not find it. */
export function jsIpfsMissing (search: JsIpfsSearch, { variable } = LAST_JS_IPFS): string {
  return [
    'no js-ipfs was found:',
    ...search.passedOver.map(line => `  - ${line}`),
    `run "npm run peers" at the root of the repository to install it, or set ${variable} to a folder node_modules that has ipfs-core`
  ].join('\n')
}

function versionIn (modules: string): string | undefined {
  const manifest = join(modules, 'ipfs-core', 'package.json')

  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined
}
