/* eslint-disable no-console */
import { copyFileSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { LAST_JS_IPFS, OLD_JS_IPFS, jsIpfsCachePath, jsIpfsVersion, searchJsIpfs } from '../../packages/interop/src/find-js-ipfs.ts'
import { peerFolder } from '../../packages/interop/src/peer-folders.ts'
import { run, seconds } from './run.mjs'

/** The last js-ipfs there was. */
export const installLastJsIpfs = async () => install(LAST_JS_IPFS)
/** An older one. */
export const installOldJsIpfs = async () => install(OLD_JS_IPFS)

/**
 * Installs js-ipfs from the lockfile that pins it, unless it was installed before.
 * It goes outside the repository, because it is years old, belongs to no workspace,
 * and has hundreds of packages. None of them may run install scripts.
 *
 * @param {import('../../packages/interop/src/find-js-ipfs.ts').JsIpfsRelease} release
 * @returns {Promise<string | undefined>} what went wrong
 */
async function install (release) {
  const modules = jsIpfsCachePath(process.env, release)
  const version = jsIpfsVersion(release)

  // this concerns only the cache, so it ignores the environment variable
  if (searchJsIpfs({ ...process.env, [release.variable]: undefined }, release).jsIpfs != null) {
    console.log(`js-ipfs ${version} is installed already: ${modules}`)

    return undefined
  }

  const start = performance.now()
  const target = dirname(modules)
  // renamed when complete, so that an interrupted run leaves nothing that looks like js-ipfs
  const partial = `${target}.${process.pid}`

  mkdirSync(partial, { recursive: true })
  console.log(`installing js-ipfs ${version}: this takes half a minute and 180 MB`)

  for (const file of ['package.json', 'package-lock.json']) {
    copyFileSync(join(peerFolder(release.peer), file), join(partial, file))
  }

  const code = await run('npm', ['ci', '--prefix', partial, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: partial })

  if (code !== 0) {
    rmSync(partial, { recursive: true })

    return `npm ci ended with code ${code}`
  }

  rmSync(target, { recursive: true, force: true })
  renameSync(partial, target)
  console.log(`installed ${modules} in ${seconds(start)}`)
}
