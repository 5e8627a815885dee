/* eslint-disable no-console */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { kuboCachePath, kuboModule, kuboVersion } from '../../packages/interop/src/find-kubo.ts'
import { exitCode, seconds } from './run.mjs'

const PACKAGE = 'github.com/ipfs/kubo/cmd/ipfs'
const PROGRESS_MS = 5_000

/**
 * Builds kubo from the Go module that pins it, unless it was built before.
 *
 * @returns {Promise<string | undefined>} what went wrong
 */
export async function buildKubo () {
  const target = kuboCachePath()

  if (runs(target)) {
    console.log(`kubo ${kuboVersion()} is built already: ${target}`)

    return undefined
  }

  return goProblem() ?? await build(target)
}

/**
 * @param {string} target
 * @returns {Promise<string | undefined>} what went wrong
 */
async function build (target) {
  const start = performance.now()
  // renamed when whole, so that a run that was interrupted leaves nothing that looks like kubo
  const partial = `${target}.${process.pid}`

  mkdirSync(dirname(target), { recursive: true })
  console.log(`building kubo ${kuboVersion()}: a few minutes when its sources are not in Go's cache`)

  // the version control stamp wants a git that trusts the checkout, and adds nothing here
  const child = spawn('go', ['build', '-v', '-mod=readonly', '-buildvcs=false', '-o', partial, PACKAGE], {
    cwd: kuboModule(),
    stdio: ['ignore', 'inherit', 'pipe']
  })
  const errors = reportProgress(child.stderr, start)
  const code = await exitCode(child)

  if (code !== 0) {
    rmSync(partial, { force: true })

    return `go ended with code ${code}\n${(await errors).join('\n')}`
  }

  renameSync(partial, target)

  if (!runs(target)) {
    return `${target} was built but does not run`
  }

  console.log(`built ${target} in ${seconds(start)}`)
}

/**
 * `go build -v` names each module that it downloads and each package that it
 * compiles, hundreds of both: they are counted, and the other lines returned.
 *
 * @param {import('node:stream').Readable} stderr
 * @param {number} start
 */
async function reportProgress (stderr, start) {
  const other = []
  let downloaded = 0
  let compiled = 0
  const timer = setInterval(() => {
    console.log(`  ${seconds(start)}: ${downloaded} modules downloaded, ${compiled} packages compiled`)
  }, PROGRESS_MS)

  for await (const line of createInterface({ input: stderr })) {
    if (line.startsWith('go: downloading ')) {
      downloaded++
    } else if (/^[\w.~-]+(?:\/[\w.~-]+)*$/.test(line)) {
      compiled++
    } else {
      other.push(line)
    }
  }

  clearInterval(timer)

  return other
}

/** @returns {string | undefined} why the Go of this machine cannot build kubo */
function goProblem () {
  const needed = /^go (\S+)$/m.exec(readFileSync(join(kuboModule(), 'go.mod'), 'utf8'))?.[1] ?? ''
  const advice = `install Go ${needed} or later (https://go.dev/dl/) and run "npm run peers" again, or set KUBO_BINARY to an ipfs binary`
  const { status, stdout } = spawnSync('go', ['env', 'GOVERSION', 'GOTOOLCHAIN'], { encoding: 'utf8' })

  if (status !== 0) {
    return `there is no go on PATH: ${advice}`
  }

  const [version, toolchain = ''] = stdout.replaceAll('go', '').trim().split('\n')

  // from 1.21 on, and unless told not to, Go fetches the toolchain that a module asks for
  if (isAtLeast(version, needed) || (isAtLeast(version, '1.21') && !toolchain.startsWith('local'))) {
    return undefined
  }

  return `Go ${version} is too old${toolchain.startsWith('local') ? ', and GOTOOLCHAIN=local keeps it from fetching a newer one' : ''}: ${advice}`
}

/**
 * @param {string} version
 * @param {string} needed
 */
function isAtLeast (version, needed) {
  return version.localeCompare(needed, 'en', { numeric: true }) >= 0
}

/** @param {string} binary */
function runs (binary) {
  return existsSync(binary) && spawnSync(binary, ['version', '--number'], { encoding: 'utf8' }).stdout?.trim() === kuboVersion()
}
