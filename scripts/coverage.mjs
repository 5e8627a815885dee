/* eslint-disable no-console */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { buildStale } from './lib/build.mjs'
import { compare, neverLoaded, shares, unreached, update } from './lib/coverage.mjs'
import { root } from './lib/root.mjs'
import { run } from './lib/run.mjs'
import { closure } from './lib/workspaces.mjs'

/** @import { CoverageMap, Reason } from './lib/types.ts' */

/**
 * `npm run coverage`: runs the unit tests of the engine, the driver and recordings,
 * and 1,000 seeds of chaos, and prints each line and branch of the engine that
 * none of them reaches. It fails if one has no reason in unreached.json, or if a
 * reason there is for a line that is reached or no longer exists.
 *
 * `--seeds N` plays N seeds; `--update` removes obsolete entries from
 * unreached.json, and adds entries without a reason for what is missing.
 */
const { values: { seeds, update: write } } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    update: { type: 'boolean', default: false }
  }
})

const router = join(root, 'packages', 'want-router')
const engine = join(router, 'src', 'engine')
const reasonsFile = join(router, 'test', 'engine', 'unreached.json')
const folders = ['engine', 'driver', 'recording']

const broken = await buildStale(closure(['@kitsune/simulator']))

if (broken.size > 0) {
  process.exit(1)
}

const temporary = mkdtempSync(join(tmpdir(), 'kitsune-coverage-'))

try {
  process.exitCode = await main(temporary)
} finally {
  rmSync(temporary, { recursive: true })
}

/**
 * @param {string} temporary - an empty folder
 * @returns {Promise<number>} the exit code
 */
async function main (temporary) {
  const env = { ...process.env, NODE_V8_COVERAGE: join(temporary, 'v8') }

  // all of them run the built code, or their counts could not be added
  const codes = [
    await run('mocha', ['--reporter', 'dot', '--timeout', '300000', ...specs()], { cwd: root, env }),
    ...await Promise.all(shares(Number(seeds), availableParallelism()).map(async ([first, count]) => {
      return run(process.execPath, [join(root, 'scripts', 'lib', 'play-chaos.mjs'), `${first}`, `${count}`], { cwd: root, env })
    }))
  ]

  if (codes.some(code => code !== 0)) {
    console.error('a test or a run of chaos failed, so there is no coverage to report')
    return 1
  }

  const code = await run('c8', [
    'report', '--reporter', 'json', '--temp-directory', env.NODE_V8_COVERAGE, '--reports-dir', temporary,
    '--include', 'packages/want-router/src/engine/**', '--exclude', '', '--exclude-after-remap'
  ], { cwd: root })

  return code === 0 ? report(JSON.parse(readFileSync(join(temporary, 'coverage-final.json'), 'utf8'))) : code
}

/** The built specs. They are listed by their sources, because a build does not delete the output of deleted specs. */
function specs () {
  return folders.flatMap(folder => readdirSync(join(router, 'test', folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.spec.ts'))
    .map(name => join(router, 'dist', 'test', folder, name.replace(/ts$/, 'js'))))
}

/**
 * @param {CoverageMap} coverage
 * @returns {number}
 */
function report (coverage) {
  const built = join(router, 'dist', 'src', 'engine')
  const loaded = Object.keys(coverage).map(path => relative(engine, path))
  const found = [
    ...Object.entries(coverage).flatMap(([path, file]) => unreached(relative(engine, path), file, readFileSync(path, 'utf8'))),
    ...neverLoaded(readdirSync(engine, { recursive: true, encoding: 'utf8' }), loaded, name => readFileSync(join(built, name), 'utf8'))
  ]
  /** @type {Reason[]} */
  let reasons = JSON.parse(readFileSync(reasonsFile, 'utf8'))

  if (write) {
    reasons = update(found, reasons)
    writeFileSync(reasonsFile, `${JSON.stringify(reasons, null, 2)}\n`)
  }

  const { listed, unlisted, stale } = compare(found, reasons)

  for (const { file, row, line, part, reason } of [...listed, ...unlisted]) {
    console.log(`${relative(root, engine)}/${file}:${row}  ${line}${part === line ? '' : `\n    of it: ${part}`}\n    ${reason ?? 'NOT REACHED, and unreached.json has no reason'}`)
  }

  for (const { file, line } of stale) {
    console.log(`${relative(root, reasonsFile)}: ${file} has no such line, or the line is reached: ${line ?? 'the whole file'}`)
  }

  console.log(`${listed.length + unlisted.length} lines and branches of the engine are not reached, ${unlisted.length} of them without a reason; ${stale.length} reasons are obsolete`)
  return unlisted.length + stale.length > 0 ? 1 : 0
}
