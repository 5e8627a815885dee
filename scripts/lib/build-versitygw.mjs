/* eslint-disable no-console */
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { versitygwCachePath, versitygwModule, versitygwRuns, versitygwVersion } from '../../packages/interop/src/find-versitygw.ts'
import { run, seconds } from './run.mjs'

/**
 * Builds versitygw, an S3 server, from the Go module that pins it, unless it was
 * built before.
 *
 * @returns {Promise<string | undefined>} what went wrong
 */
export async function buildVersitygw () {
  const target = versitygwCachePath()

  if (versitygwRuns(target)) {
    console.log(`versitygw ${versitygwVersion()} is built already: ${target}`)

    return undefined
  }

  const start = performance.now()
  // renamed when complete, so that an interrupted run leaves nothing that looks like versitygw
  const partial = `${target}.${process.pid}`

  mkdirSync(dirname(target), { recursive: true })
  console.log(`building versitygw ${versitygwVersion()}: this takes a minute or two if its sources are not in Go's cache`)

  try {
    const code = await run('go', ['build', '-mod=readonly', '-buildvcs=false', '-o', partial, 'github.com/versity/versitygw/cmd/versitygw'], { cwd: versitygwModule() })

    if (code !== 0) {
      rmSync(partial, { force: true })

      return `go ended with code ${code}`
    }
  } catch (err) {
    return `go could not be run: ${err instanceof Error ? err.message : err}; set VERSITYGW_BINARY to a binary of versitygw where there is no Go`
  }

  renameSync(partial, target)
  console.log(`built ${target} in ${seconds(start)}`)

  return versitygwRuns(target) ? undefined : `${target} was built but does not run`
}
