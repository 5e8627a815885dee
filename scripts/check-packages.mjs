/* eslint-disable no-console */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { kuboMissing, searchKubo } from '../packages/interop/src/find-kubo.ts'
import { searchVersitygw, versitygwMissing } from '../packages/interop/src/find-versitygw.ts'
import { missingFails } from '../packages/interop/src/needs.ts'
import { buildStale } from './lib/build.mjs'
import { consumerConfig, entryPoints, outsideManifest, runtimeConsumer, typesConsumer } from './lib/consumer.mjs'
import { OUTSIDE, runBlockSource, runRouter } from './lib/outside.mjs'
import { summary } from './lib/results.mjs'
import { root } from './lib/root.mjs'
import { run, seconds } from './lib/run.mjs'
import { closure, readManifest, workspaces } from './lib/workspaces.mjs'

/** @import { Workspace } from './lib/types.ts' */

/**
 * `npm run check-packages`: packs every public package and uses the tarballs like a
 * consumer. publint and are-the-types-wrong check them, and an empty project installs
 * them, imports each entry point and compiles against its types. Programs route wants
 * between real kubos there, and fill and read a real bucket, with the code of the
 * READMEs. The example for copying is copied and must work with them; the balancer is
 * installed and run by the instructions for its operators.
 */
const manifest = readManifest(root)
const published = workspaces().filter(({ manifest }) => manifest.private !== true)
const bin = join(root, 'node_modules', '.bin')
const folder = mkdtempSync(join(tmpdir(), 'kitsune-packages-'))
// outside the other folder, so that it cannot find packages on which it does not depend
const copy = mkdtempSync(join(tmpdir(), 'kitsune-example-'))
const prefix = mkdtempSync(join(tmpdir(), 'kitsune-installed-'))
const QUIETLY = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error']
const LICENSES = ['LICENSE', 'LICENSE-APACHE', 'LICENSE-MIT']
const totals = { passed: 0, failed: 0, skipped: 0 }

try {
  await checkAll()
} finally {
  rmSync(folder, { recursive: true, force: true })
  rmSync(copy, { recursive: true, force: true })
  rmSync(prefix, { recursive: true, force: true })
}

console.log(summary(totals))
process.exitCode = totals.failed === 0 ? 0 : 1

async function checkAll () {
  const balancer = closure(['kitsune-balancer'])
  const broken = await buildStale(closure([...published, ...balancer].map(({ name }) => name)))
  /** @type {Map<string, string>} */
  const packed = new Map()

  for (const workspace of published) {
    await check(`${workspace.name}: pack`, async () => {
      if (broken.has(workspace)) {
        throw new Error('it does not build')
      }

      packed.set(workspace.name, pack(workspace))
    })
  }

  const tarballs = [...packed.values()]

  for (const tarball of tarballs) {
    const name = tarball.slice(folder.length + 1)

    await check(`${name}: publint`, () => succeed(join(bin, 'publint'), ['run', tarball, '--strict']))
    await check(`${name}: are the types wrong?`, () => succeed(join(bin, 'attw'), [tarball, '--profile', 'esm-only', '--no-emoji']))
  }

  await check('install the tarballs in an empty project', () => install(tarballs))
  await checkConsumers()
  await check('install what the programs outside import', installOutside)
  await checkRouter()
  await checkBlockSource()
  await checkExample(packed)
  await checkBalancer(balancer)
}

/**
 * Checks the balancer as an operator uses it: packs and installs it with the commands
 * of the page, with another folder for `--prefix`, and runs it as in the unit file.
 *
 * @param {readonly Workspace[]} workspaces - the balancer and its dependencies
 */
async function checkBalancer (workspaces) {
  const page = readFileSync(join(root, 'docs', 'operating-a-balancer.md'), 'utf8')
  const names = (/^npm pack (.*) --pack-destination/m.exec(page)?.[1] ?? '').split('-w ').map(name => name.trim()).filter(name => name !== '').sort()
  const documented = /npm install --prefix (\S+)/.exec(page)?.[1] ?? ''
  const command = /^ExecStart=(\S+)/m.exec(page)?.[1] ?? ''
  /** @type {string[]} */
  const tarballs = []

  await check('kitsune-balancer: pack what the page says', async () => {
    if (names.join() !== workspaces.map(({ name }) => name).sort().join()) {
      throw new Error(`the page packs ${names.join(', ')}, but the balancer needs ${workspaces.map(({ name }) => name).join(', ')}`)
    }

    tarballs.push(...workspaces.map(pack))
  })
  await check('kitsune-balancer: install it as the page says', () => succeed('npm', ['install', '--prefix', prefix, ...QUIETLY, ...tarballs]))
  await check('kitsune-balancer: run what the unit file runs', async () => {
    if (!command.startsWith(`${documented}/`)) {
      throw new Error(`the unit file runs ${command}, but the page installs into ${documented}`)
    }

    // it runs on the first node on PATH
    const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` }
    await succeed(join(prefix, command.slice(documented.length)), ['-d', '/ip4/127.0.0.1/tcp/5001', '--check-config'], { cwd: prefix, env })
  })
}

async function installOutside () {
  const { dependencies, devDependencies } = readManifest(join(root, 'packages', 'interop'))
  const versions = Object.entries({ ...devDependencies, ...dependencies }).filter(([name]) => OUTSIDE.includes(name))
  await succeed('npm', ['install', ...QUIETLY, ...versions.map(([name, version]) => `${name}@${version}`)])
}

/**
 * Checks what needs a real peer, or skips it.
 *
 * @param {string} title
 * @param {{ path: string } | undefined} peer
 * @param {() => string} why - it is missing
 * @param {(path: string) => Promise<void>} body
 */
async function checkWith (title, peer, why, body) {
  if (peer == null && !missingFails()) {
    totals.skipped++
    console.log(`skipped: ${title}: ${why()}`)
    return
  }

  await check(title, async () => {
    if (peer == null) {
      throw new Error(why())
    }

    await body(peer.path)
  })
}

/** Runs a router of the installed packages between kubos. */
async function checkRouter () {
  const search = searchKubo()
  const title = 'a router outside: Helia, a policy, a node that is replaced while a kubo pins'

  await checkWith(title, search.kubo, () => kuboMissing(search), async path => runRouter(path, folder, succeed))
}

/** Reads a folder of CARs and fills and reads a bucket with the installed package. */
async function checkBlockSource () {
  const search = searchVersitygw()
  const title = 'block sources outside: a folder of CARs, and a bucket that kitsune-index fills'

  await checkWith(title, search.versitygw, () => versitygwMissing(search), async path => runBlockSource(path, folder, succeed))
}

/**
 * Checks a copy of an example's folder: runs its tests and its program.
 *
 * @param {ReadonlyMap<string, string>} packed
 */
async function checkExample (packed) {
  const example = 'custom-strategy'
  const cwd = { cwd: copy }

  for (const name of ['src', 'test', 'tsconfig.json']) {
    cpSync(join(root, 'examples', example, name), join(copy, name), { recursive: true })
  }
  writeFileSync(join(copy, 'package.json'), JSON.stringify(outsideManifest(readManifest(join(root, 'examples', example)), packed)))

  await check(`${example}, outside: install`, () => succeed('npm', ['install', ...QUIETLY], cwd))
  await check(`${example}, outside: compile`, () => succeed(join(bin, 'tsc'), ['--noEmit'], cwd))
  await check(`${example}, outside: test`, () => succeed('npm', ['test', '--silent'], cwd))
  await check(`${example}, outside: start`, () => succeed('npm', ['start', '--silent'], cwd))
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
function pack ({ name, path }) {
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

  for (const needed of ['README.md', 'package.json', ...LICENSES]) {
    if (!files.some((/** @type {{ path: string }} */ { path }) => path === needed)) {
      throw new Error(`${needed} is not in the tarball`)
    }
  }

  // npm packs only files in the package's own folder, so each package has a copy
  for (const license of LICENSES) {
    if (!readFileSync(join(root, license)).equals(readFileSync(join(root, path, license)))) {
      throw new Error(`${license} differs from the repository's`)
    }
  }

  return join(folder, filename)
}

/** @param {string[]} tarballs */
async function install (tarballs) {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', version: '1.0.0', private: true, type: 'module' }))
  await succeed('npm', ['install', ...QUIETLY, `@types/node@${manifest.devDependencies?.['@types/node']}`, ...tarballs])
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env?: NodeJS.ProcessEnv }} [options]
 */
async function succeed (command, args, options = { cwd: folder }) {
  const code = await run(command, args, options)

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
