/* eslint-disable no-console */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildStale } from './lib/build.mjs'
import { consumerConfig, entryPoints, runtimeConsumer, typesConsumer } from './lib/consumer.mjs'
import { summary } from './lib/results.mjs'
import { root } from './lib/root.mjs'
import { run, seconds } from './lib/run.mjs'
import { closure, readManifest, workspaces } from './lib/workspaces.mjs'

/** @import { Workspace } from './lib/types.ts' */

/**
 * `npm run check-packages`: packs every public package and treats the tarballs
 * as a stranger would. publint and are-the-types-wrong read them, and an empty
 * project installs them, imports each entry point and compiles against its types.
 */
const manifest = readManifest(root)
const published = workspaces().filter(({ manifest }) => manifest.private !== true)
const bin = join(root, 'node_modules', '.bin')
const folder = mkdtempSync(join(tmpdir(), 'kitsune-packages-'))
const totals = { passed: 0, failed: 0, skipped: 0 }

try {
  await checkAll()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

console.log(summary(totals))
process.exitCode = totals.failed === 0 ? 0 : 1

async function checkAll () {
  const broken = await buildStale(closure(published.map(({ name }) => name)))
  /** @type {string[]} */
  const tarballs = []

  for (const workspace of published) {
    await check(`${workspace.name}: pack`, async () => {
      if (broken.has(workspace)) {
        throw new Error('it does not build')
      }

      tarballs.push(pack(workspace))
    })
  }

  for (const tarball of tarballs) {
    const name = tarball.slice(folder.length + 1)

    await check(`${name}: publint`, () => succeed(join(bin, 'publint'), ['run', tarball, '--strict']))
    await check(`${name}: are the types wrong?`, () => succeed(join(bin, 'attw'), [tarball, '--profile', 'esm-only', '--no-emoji']))
  }

  await check('install the tarballs in an empty project', () => install(tarballs))
  await checkConsumers()
}

async function checkConsumers () {
  for (const { name, manifest } of published) {
    const file = name.replaceAll(/[^a-z-]/g, '')
    const entries = entryPoints(manifest)

    await check(`${name}: import ${entries.join(', ')}`, async () => {
      writeFileSync(join(folder, `${file}.mjs`), runtimeConsumer(entries))
      const output = execFileSync(process.execPath, [`${file}.mjs`], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
      writeFileSync(join(folder, `${file}.ts`), typesConsumer(JSON.parse(output)))
    })
  }

  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(consumerConfig))
  await check('compile against the types', () => succeed(join(bin, 'tsc'), ['--project', folder]))
}

/**
 * @param {Workspace} workspace
 * @returns {string} the tarball's path
 */
function pack ({ name }) {
  const output = execFileSync('npm', ['pack', '--json', '--workspace', name, '--pack-destination', folder], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit']
  })
  const [{ filename, files }] = JSON.parse(output)

  for (const { path } of files) {
    if (/^(?:test|dist\/test)\/|\.tsbuildinfo$/.test(path)) {
      throw new Error(`${path} is in the tarball: see "files" in package.json`)
    }
  }

  for (const needed of ['README.md', 'package.json']) {
    if (!files.some((/** @type {{ path: string }} */ { path }) => path === needed)) {
      throw new Error(`${needed} is not in the tarball`)
    }
  }

  return join(folder, filename)
}

/** @param {string[]} tarballs */
async function install (tarballs) {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', version: '1.0.0', private: true, type: 'module' }))
  await succeed('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error', `@types/node@${manifest.devDependencies?.['@types/node']}`, ...tarballs])
}

/**
 * @param {string} command
 * @param {string[]} args
 */
async function succeed (command, args) {
  const code = await run(command, args, { cwd: folder })

  if (code !== 0) {
    throw new Error(`${[command, ...args].join(' ')} ended with code ${code}`)
  }
}

/**
 * @param {string} title
 * @param {() => Promise<void>} body
 */
async function check (title, body) {
  const start = performance.now()

  try {
    await body()
    totals.passed++
    console.log(`passed: ${title} (${seconds(start)})`)
  } catch (err) {
    totals.failed++
    console.error(`failed: ${title}: ${err instanceof Error ? err.message : err}`)
  }
}
