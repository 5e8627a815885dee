/* eslint-disable no-console */
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { cache, root } from './root.mjs'
import { run, seconds } from './run.mjs'

/** @import { Workspace } from './types.ts' */

const INPUTS = ['src/**/*', 'test/**/*', 'package.json', 'tsconfig.json', '.aegir.js']

/**
 * Builds the workspaces whose `dist` is missing or was built from other sources. It
 * compares contents, not times: tsc does not touch unchanged outputs, and a checkout
 * touches files without changing them.
 *
 * @param {Workspace[]} workspaces - dependencies first
 * @returns {Promise<Set<Workspace>>} the workspaces that could not be built because
 * of their own sources or because of a dependency
 */
export async function buildStale (workspaces) {
  /** @type {Map<Workspace, string>} */
  const fingerprints = new Map()

  for (const workspace of workspaces) {
    fingerprints.set(workspace, fingerprint(workspace, fingerprints))
  }

  const stale = workspaces.filter(workspace => workspace.manifest.scripts?.build != null && !isBuilt(workspace, fingerprints))

  /** @type {Set<Workspace>} */
  const broken = new Set()

  for (const [i, workspace] of stale.entries()) {
    if (workspace.siblings.some(sibling => broken.has(sibling))) {
      broken.add(workspace)
      continue
    }

    const start = performance.now()
    console.log(`building ${workspace.name} (${i + 1} of ${stale.length})`)

    const code = await run('npm', ['run', 'build', '--silent', '--workspace', workspace.name], { cwd: root })

    if (code !== 0) {
      console.error(`${workspace.name} does not build: see above, or run "npm run build -w ${workspace.name}"`)
      broken.add(workspace)
      continue
    }

    // only a build that succeeded leaves a stamp
    mkdirSync(dirname(stampPath(workspace)), { recursive: true })
    writeFileSync(stampPath(workspace), fingerprints.get(workspace) ?? '')
    console.log(`built ${workspace.name} in ${seconds(start)}`)
  }

  return broken
}

/**
 * @param {Workspace} workspace
 * @param {Map<Workspace, string>} fingerprints
 */
function isBuilt (workspace, fingerprints) {
  return existsSync(join(workspace.folder, 'dist', 'src')) &&
    existsSync(stampPath(workspace)) &&
    readFileSync(stampPath(workspace), 'utf8') === fingerprints.get(workspace)
}

/** @param {Workspace} workspace */
function stampPath (workspace) {
  return join(cache, 'build', workspace.path.replaceAll('/', '-'))
}

/**
 * A hash of everything that a build reads: the workspace's files, and the types of its siblings.
 *
 * @param {Workspace} workspace
 * @param {Map<Workspace, string>} fingerprints
 */
function fingerprint (workspace, fingerprints) {
  const hash = createHash('sha256')

  for (const sibling of workspace.siblings) {
    hash.update(fingerprints.get(sibling) ?? '')
  }

  hash.update(readFileSync(join(root, 'tsconfig.base.json')))

  for (const entry of globSync(INPUTS, { cwd: workspace.folder, withFileTypes: true }).filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name)).sort()) {
    hash.update(`\n${entry.slice(workspace.folder.length)}\n`)
    hash.update(readFileSync(entry))
  }

  return hash.digest('hex')
}
