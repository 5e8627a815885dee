/* eslint-disable no-console */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { OLD_JS_IPFS, jsIpfsMissing, searchJsIpfs } from '../packages/interop/src/find-js-ipfs.ts'
import { kuboMissing, searchKubo } from '../packages/interop/src/find-kubo.ts'
import { oldKuboMissing, searchOldKubo } from '../packages/interop/src/find-old-kubo.ts'
import { searchVersitygw, versitygwMissing, versitygwVersion } from '../packages/interop/src/find-versitygw.ts'
import { buildStale } from './lib/build.mjs'
import { parts } from './lib/parts.mjs'
import { failures, summary, total } from './lib/results.mjs'
import { cache, root } from './lib/root.mjs'
import { run, seconds } from './lib/run.mjs'
import { closure, workspaces } from './lib/workspaces.mjs'

/** @import { RunOptions } from './lib/run.mjs' */
/** @import { Results, Suite, Workspace } from './lib/types.ts' */

/** @typedef {RunOptions & { name?: string, files?: string[] }} PartOptions - by default, all files under the workspace's name */

/**
 * `npm test`: builds what is stale, runs the tests of these scripts and of every
 * workspace, and prints the sum of the runners' counts at the end.
 *
 * `npm test -- interop want-router` runs only those workspaces, `--grep text` only
 * tests whose names contain the text, and `--full` sets `KITSUNE_FULL=1`, with which
 * interop runs at full size and records its results.
 *
 * With `CI=true` or `KITSUNE_NO_SKIP=1` a skipped test counts as failed. Tests may only
 * send to this host: a Node process that tries to reach another one counts as a failure.
 */
const { values: { grep, full }, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    grep: { type: 'string', short: 'g' },
    full: { type: 'boolean', default: false }
  }
})

/** Workspaces whose results do not depend on a clock: they run beside the others, with low priority, but for the files that `parts` has alone. */
const BESIDE = new Set(['@kitsune/block-source', '@kitsune/simulator'])

const skipIsFailure = isSet(process.env.CI) || isSet(process.env.KITSUNE_NO_SKIP)
const tested = selected()

const broken = await buildStale(closure(tested.map(workspace => workspace.name)))
const peers = peerEnvironment()
const sentOut = join(cache, 'results', 'sent-out.log')
const env = {
  ...process.env,
  ...peers,
  ...(full ? { KITSUNE_FULL: '1' } : {}),
  ...loopbackOnly()
}

/** @type {Suite[]} */
const suites = []

if (positionals.length === 0) {
  console.log('\nscripts')
  suites.push(await runTests('scripts', 'mocha', ['scripts/test/*.spec.mjs', '--timeout', '60000', ...mochaOptions()]))
}

const beside = tested.filter(({ name }) => tested.length > 1 && BESIDE.has(name))
const alone = tested.filter(workspace => !beside.includes(workspace))
const besides = Promise.all(beside.map(async workspace => testBeside(workspace, { priority: constants.priority.PRIORITY_BELOW_NORMAL, files: parts(workspace).atOnce.at(0) })))

for (const [i, workspace] of alone.entries()) {
  console.log(`\n${workspace.name} (${i + 1} of ${tested.length})`)
  suites.push(...await testInParts(workspace))
}

for (const [i, { suite, output }] of (await besides).entries()) {
  console.log(`\n${suite.name} (${alone.length + i + 1} of ${tested.length}), which ran beside the others\n${output}`)
  suites.push(suite)
}

for (const workspace of beside.filter(workspace => parts(workspace).atOnce.length > 0)) {
  console.log(`\n${workspace.name}, what runs alone`)
  suites.push(await testWorkspace(workspace, { name: `${workspace.name} alone`, files: parts(workspace).alone }))
}

suites.push(sentNothing())
report()

/** The workspaces to test: the named ones, or all that have tests. */
function selected () {
  const withTests = workspaces().filter(workspace => workspace.manifest.scripts?.test != null)
  const names = new Set(positionals)
  const chosen = withTests.filter(({ name, path }) => {
    return [name, path, path.split('/').at(-1) ?? ''].filter(alias => names.delete(alias)).length > 0
  })

  if (names.size > 0) {
    console.error(`no workspace with tests is called ${[...names].join(' or ')}: there are ${withTests.map(({ name }) => name).join(', ')}`)
    process.exit(2)
  }

  return positionals.length === 0 ? withTests : chosen
}

/** Prints which real peers the tests use, and passes their paths on. */
function peerEnvironment () {
  try {
    const kubo = searchKubo()
    const oldKubo = searchOldKubo()
    const jsIpfs = searchJsIpfs()
    const oldJsIpfs = searchJsIpfs(process.env, OLD_JS_IPFS)
    const s3 = searchVersitygw()

    return {
      ...tellOf('kubo', 'KUBO_BINARY', kubo.kubo, () => kuboMissing(kubo)),
      ...tellOf('old kubo', 'OLD_KUBO_BINARY', oldKubo.kubo, () => oldKuboMissing(oldKubo)),
      ...tellOf('js-ipfs', 'JS_IPFS_MODULES', jsIpfs.jsIpfs, () => jsIpfsMissing(jsIpfs)),
      ...tellOf('old js-ipfs', 'OLD_JS_IPFS_MODULES', oldJsIpfs.jsIpfs, () => jsIpfsMissing(oldJsIpfs, OLD_JS_IPFS)),
      ...tellOf('versitygw', 'VERSITYGW_BINARY', s3.versitygw == null ? undefined : { ...s3.versitygw, version: versitygwVersion() }, () => versitygwMissing(s3))
    }
  } catch (err) {
    console.error(err instanceof Error ? err.message : err)
    process.exit(2)
  }
}

/**
 * @param {string} name
 * @param {string} variable - the environment variable that the tests check first
 * @param {{ path: string, version: string, origin: string } | undefined} found
 * @param {() => string} missing
 */
function tellOf (name, variable, found, missing) {
  if (found == null) {
    console.log(`${missing()}\nthe tests that need it are skipped${skipIsFailure ? ', and a skipped test counts as failed here' : ''}`)

    return {}
  }

  console.log(`${name} ${found.version}: ${found.path} (${found.origin})`)

  return { [variable]: found.path }
}

/** The environment that makes all Node processes of a test refuse to send to other hosts; npm and other tools look for updates unless told not to. */
function loopbackOnly () {
  const guard = pathToFileURL(join(root, 'scripts', 'lib', 'loopback-only.mjs')).href

  mkdirSync(dirname(sentOut), { recursive: true })
  rmSync(sentOut, { force: true })

  return {
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import ${guard}`,
    KITSUNE_SENT_OUT: sentOut,
    NO_UPDATE_NOTIFIER: '1',
    npm_config_update_notifier: 'false'
  }
}

/**
 * The guard's result as a suite of one test.
 *
 * @returns {Suite}
 */
function sentNothing () {
  const error = existsSync(sentOut) ? readFileSync(sentOut, 'utf8').trimEnd() : ''
  const failed = error !== ''

  return {
    name: 'this host only',
    code: failed ? 1 : 0,
    time: '0 s',
    results: {
      passes: failed ? 0 : 1,
      failures: failed ? 1 : 0,
      pending: 0,
      tests: [{ title: 'nothing is sent to other hosts', ms: 0, state: failed ? 'failed' : 'passed', ...(failed ? { error } : {}) }]
    }
  }
}

/**
 * Runs the files of some workspaces in several processes at once, then the others. At full size each runs alone,
 * since their times are recorded.
 *
 * @param {Workspace} workspace
 * @returns {Promise<Suite[]>}
 */
async function testInParts (workspace) {
  const { atOnce: [first, ...others], alone } = parts(workspace)

  if (first == null || full || broken.has(workspace)) {
    return [await testWorkspace(workspace)]
  }

  /** @param {number} i */
  const nameOf = i => `${workspace.name} ${i + 1}/${others.length + 2}`
  const besides = Promise.all(others.map(async (files, i) => testBeside(workspace, { name: nameOf(i + 1), files })))
  console.log(`${nameOf(0)}, and ${others.length} more beside it`)
  const suites = [await testWorkspace(workspace, { name: nameOf(0), files: first })]

  for (const { suite, output } of await besides) {
    console.log(`\n${suite.name}, which ran beside the first\n${output}`)
    suites.push(suite)
  }

  console.log(`\n${nameOf(others.length + 1)}, which runs alone`)
  suites.push(await testWorkspace(workspace, { name: nameOf(others.length + 1), files: alone }))

  return suites
}

/**
 * Runs a workspace's tests, and prints nothing until they end.
 *
 * @param {Workspace} workspace
 * @param {PartOptions} [options]
 */
async function testBeside (workspace, options = {}) {
  const log = join(cache, 'results', `${fileName(options.name ?? workspace.name)}.log`)
  const file = openSync(log, 'w')

  try {
    const suite = await testWorkspace(workspace, { ...options, stdio: ['ignore', file, file] })

    return { suite, output: readFileSync(log, 'utf8') }
  } finally {
    closeSync(file)
  }
}

/**
 * @param {Workspace} workspace
 * @param {PartOptions} [options]
 */
async function testWorkspace (workspace, { name = workspace.name, files, ...options } = {}) {
  if (broken.has(workspace)) {
    console.log('not run: the workspace or one of its dependencies does not build')

    return { name, code: 1, time: 'not run' }
  }

  const usesVitest = workspace.manifest.scripts?.test?.startsWith('vitest ') === true
  // the first -- is npm's, the second aegir's
  const args = usesVitest ? vitestOptions() : [...(files == null ? [] : ['--files', ...files]), '--', ...mochaOptions()]

  return runTests(name, 'npm', ['run', 'test', '--silent', '--workspace', workspace.name, '--', ...args], options)
}

function vitestOptions () {
  return [
    '--reporter', 'default',
    '--reporter', join(root, 'scripts', 'vitest-reporter.mjs'),
    ...(grep == null ? [] : ['--testNamePattern', grep])
  ]
}

function mochaOptions () {
  return [
    '--reporter', join(root, 'scripts', 'mocha-reporter.cjs'),
    ...(grep == null ? [] : ['--grep', grep]),
    ...(skipIsFailure ? ['--forbid-only'] : [])
  ]
}

/**
 * @param {string} name
 * @param {string} command
 * @param {string[]} args
 * @param {RunOptions} [options]
 * @returns {Promise<Suite>}
 */
async function runTests (name, command, args, options = {}) {
  const start = performance.now()
  const file = join(cache, 'results', `${fileName(name)}.json`)

  mkdirSync(join(cache, 'results'), { recursive: true })
  rmSync(file, { force: true })

  const code = await run(command, args, { ...options, cwd: root, env: { ...env, KITSUNE_TEST_RESULTS: file } })

  return { name, code, results: readResults(file), time: seconds(start) }
}

/** @param {string} name - of a workspace or of a part of one */
function fileName (name) {
  return name.replaceAll(/[^a-z0-9-]/g, '')
}

/**
 * @param {string} file
 * @returns {Results | undefined}
 */
function readResults (file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

function report () {
  console.log('')

  for (const suite of suites) {
    console.log(`${suite.name.padEnd(26)} ${summary(total([suite]))}${remark(suite)}, ${suite.time}`)
  }

  for (const { name, results } of suites) {
    for (const { title } of results?.tests.filter(test => test.state === 'pending') ?? []) {
      console.log(`skipped: ${name}: ${title}`)
    }
  }

  for (const failure of failures(suites)) {
    console.log(failure)
  }

  const totals = total(suites, { skipIsFailure })

  if (Object.keys(peers).length < 3 && suites.some(({ results }) => (results?.pending ?? 0) > 0)) {
    console.log('some real peers are missing: get them with "npm run peers"')
  }

  console.log(summary(totals))
  process.exitCode = totals.failed === 0 ? 0 : 1
}

/** @param {Suite} suite */
function remark ({ code, results }) {
  if (results == null) {
    return ', ended without counts'
  }

  return code !== 0 && results.failures === 0 ? `, ended with code ${code}` : ''
}

/** @param {string | undefined} value */
function isSet (value) {
  return value != null && !['', '0', 'false'].includes(value)
}
