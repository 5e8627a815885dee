import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { peerCache, peerFolder } from './peer-folders.ts'
import type { Environment } from './peer-folders.ts'

/** A folder `node_modules` that holds js-ipfs. */
export interface JsIpfs {
  path: string
  /** Of its `ipfs-core`, for example `0.18.1`. */
  version: string
  /** Where the path was found. */
  origin: 'JS_IPFS_MODULES' | 'cache'
}

/** Everything that a search looked at. */
export interface JsIpfsSearch {
  jsIpfs?: JsIpfs
  /** One line for each place that held no js-ipfs, saying why. */
  passedOver: string[]
}

/** The version of js-ipfs that the tests are written against: the last one there was. */
export function jsIpfsVersion (): string {
  return JSON.parse(readFileSync(join(peerFolder('js-ipfs'), 'package.json'), 'utf8')).dependencies['ipfs-core']
}

/**
 * Where `npm run peers` installs js-ipfs. The lockfile's digest is part of the
 * path, so a new pin of anything is never answered with an old installation.
 */
export function jsIpfsCachePath (env: Environment = process.env): string {
  const lockfile = readFileSync(join(peerFolder('js-ipfs'), 'package-lock.json'))
  const digest = createHash('sha256').update(lockfile).digest('hex').slice(0, 8)

  return join(peerCache(env), `js-ipfs-${jsIpfsVersion()}-${digest}`, 'node_modules')
}

/**
 * Looks for js-ipfs in the folder that the environment variable
 * `JS_IPFS_MODULES` names, then in the cache that `npm run peers` fills.
 *
 * @throws {Error} if `JS_IPFS_MODULES` names a folder without js-ipfs: whoever set it
 * did not mean another, or none
 */
export function searchJsIpfs (env: Environment = process.env): JsIpfsSearch {
  const named = env.JS_IPFS_MODULES

  if (named != null && named !== '') {
    const version = versionIn(named)

    if (version == null) {
      throw new Error(`JS_IPFS_MODULES is ${named}, which has no ipfs-core: name a folder node_modules in which ipfs-core is installed, or unset it`)
    }

    return { jsIpfs: { path: named, version, origin: 'JS_IPFS_MODULES' }, passedOver: [] }
  }

  const cached = jsIpfsCachePath(env)
  const version = versionIn(cached)
  const passedOver = ['the environment variable JS_IPFS_MODULES is not set']

  return version == null
    ? { passedOver: [...passedOver, `there is no ipfs-core in ${cached}`] }
    : { jsIpfs: { path: cached, version, origin: 'cache' }, passedOver }
}

/** What to print where js-ipfs was needed and a search did not find it. */
export function jsIpfsMissing (search: JsIpfsSearch): string {
  return [
    'no js-ipfs was found:',
    ...search.passedOver.map(line => `  - ${line}`),
    'run "npm run peers" at the root of the repository to install it, or set JS_IPFS_MODULES to a folder node_modules that has ipfs-core'
  ].join('\n')
}

function versionIn (modules: string): string | undefined {
  const manifest = join(modules, 'ipfs-core', 'package.json')

  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined
}
