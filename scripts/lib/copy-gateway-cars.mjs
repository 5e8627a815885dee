/* eslint-disable no-console */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, renameSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { boxoVersion, findGatewayCars, gatewayCarsPath } from '../../packages/interop/src/find-gateway-cars.ts'
import { kuboModule } from '../../packages/interop/src/find-kubo.ts'

/**
 * Copies the CARs with which boxo tests its gateway out of Go's module cache,
 * unless they were copied before.
 *
 * @returns {Promise<string | undefined>} what went wrong
 */
export async function copyGatewayCars () {
  const target = gatewayCarsPath()

  if (findGatewayCars() != null) {
    console.log(`boxo's CARs are there already: ${target}`)

    return undefined
  }

  const { status, stdout, stderr, error } = spawnSync('go', ['mod', 'download', '-json', `github.com/ipfs/boxo@v${boxoVersion()}`], { cwd: kuboModule(), encoding: 'utf8' })

  if (status !== 0) {
    return `go mod download ended with code ${status}: ${error?.message ?? stderr ?? ''}${stdout ?? ''}`
  }

  // renamed when complete, so that an interrupted run leaves nothing that looks like them
  const partial = `${target}.${process.pid}`
  mkdirSync(dirname(target), { recursive: true })
  // the cache is read-only, and a copy of it need not be
  cpSync(join(JSON.parse(stdout).Dir, 'gateway', 'testdata'), partial, { recursive: true, mode: 0 })
  renameSync(partial, target)
  console.log(`copied ${target}`)
}
