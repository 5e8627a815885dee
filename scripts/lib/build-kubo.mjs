/* eslint-disable no-console */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { kuboCachePath, kuboModule, kuboVersion } from '../../packages/interop/src/find-kubo.ts'
import { OLD_KUBO_VERSION, oldKuboCachePath } from '../../packages/interop/src/find-old-kubo.ts'
import { exitCode, seconds } from './run.mjs'

const PACKAGE = 'github.com/ipfs/kubo/cmd/ipfs'
const PROGRESS_MS = 5_000

/**
 * Builds kubo from the Go module that pins it, unless it was built before.
 *
 * @returns {Promise<string | undefined>} what went wrong
 */
export async function buildKubo () {
  return build(kuboCachePath(), kuboVersion(), folder => ({
    // the version control stamp needs a git that trusts the checkout, and is not used here
    args: ['build', '-v', '-mod=readonly', '-buildvcs=false', '-o', folder, PACKAGE],
    cwd: kuboModule()
  }))
}

/**
 * Installs the old kubo by its version, unless it was installed before. Go's
 * checksum database verifies its sources.
 *
 * @returns {Promise<string | undefined>} what went wrong
 */
export async function buildOldKubo () {
  return build(oldKuboCachePath(), OLD_KUBO_VERSION, folder => ({
    // one of its dependencies uses internals of Go's runtime, which linkers refuse since Go 1.23; a fuse library is not needed
    args: ['install', '-v', '-tags', 'nofuse', '-ldflags=-checklinkname=0', `${PACKAGE}@v${OLD_KUBO_VERSION}`],
    // it would accept an older Go than the pinned kubo needs, whose linker does not have this flag
    env: { GOBIN: folder, GOTOOLCHAIN: toolchain() }
  }))
}

/**
 * @param {string} target
 * @param {string} version
 * @param {(folder: string) => { args: string[], cwd?: string, env?: Record<string, string> }} command - of go, to put `ipfs` into that folder
 * @returns {Promise<string | undefined>} what went wrong
 */
async function build (target, version, command) {
  if (runs(target, version)) {
    console.log(`kubo ${version} is built already: ${target}`)

    return undefined
  }

  const problem = goProblem()

  if (problem != null) {
    return problem
  }

  const start = performance.now()
  mkdirSync(dirname(target), { recursive: true })
  // moved when complete, so that an interrupted run leaves nothing that looks like kubo
  const folder = mkdtempSync(`${dirname(target)}.`)
  console.log(`building kubo ${version}: this takes a few minutes if its sources are not in Go's cache`)

  const { args, cwd, env } = command(folder)
  const child = spawn('go', args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'pipe'] })
  const errors = reportProgress(child.stderr, start)
  const code = await exitCode(child)

  if (code === 0) {
    renameSync(join(folder, 'ipfs'), target)
  }

  rmSync(folder, { recursive: true })

  if (code !== 0) {
    return `go ended with code ${code}\n${(await errors).join('\n')}`
  }

  if (!runs(target, version)) {
    return `${target} was built but does not run`
  }

  console.log(`built ${target} in ${seconds(start)}`)
}

/**
 * `go build -v` prints each module that it downloads and each package that it
 * compiles, hundreds of both. This counts them, and returns the other lines.
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
  const needed = neededGo()
  const advice = `install Go ${needed} or later (https://go.dev/dl/) and run "npm run peers" again, or set KUBO_BINARY and OLD_KUBO_BINARY to ipfs binaries`
  const go = installedGo()

  if (go == null) {
    return `there is no go on PATH: ${advice}`
  }

  const { version, local } = go

  // since 1.21 Go fetches the toolchain that a module asks for, unless configured otherwise
  if (isAtLeast(version, needed) || (isAtLeast(version, '1.21') && !local)) {
    return undefined
  }

  return `Go ${version} is too old${local ? ', and GOTOOLCHAIN=local keeps it from fetching a newer one' : ''}: ${advice}`
}

/** The version of Go that the pinned kubo needs. */
function neededGo () {
  return /^go (\S+)$/m.exec(readFileSync(join(kuboModule(), 'go.mod'), 'utf8'))?.[1] ?? ''
}

/** The version of Go on PATH, and whether it is configured not to fetch another. */
function installedGo () {
  const { status, stdout } = spawnSync('go', ['env', 'GOVERSION', 'GOTOOLCHAIN'], { encoding: 'utf8' })

  if (status !== 0) {
    return undefined
  }

  const [version, toolchain = ''] = stdout.replaceAll('go', '').trim().split('\n')

  return { version, local: toolchain.startsWith('local') }
}

/** The toolchain that builds the pinned kubo, for modules that do not ask for one. */
function toolchain () {
  const needed = neededGo()

  return isAtLeast(installedGo()?.version ?? '', needed) ? 'local' : `go${needed}`
}

/**
 * @param {string} version
 * @param {string} needed
 */
function isAtLeast (version, needed) {
  return version.localeCompare(needed, 'en', { numeric: true }) >= 0
}

/**
 * @param {string} binary
 * @param {string} version
 */
function runs (binary, version) {
  return existsSync(binary) && spawnSync(binary, ['version', '--number'], { encoding: 'utf8' }).stdout?.trim() === version
}
