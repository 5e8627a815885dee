import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './root.mjs'

/** @import { Manifest, Workspace } from './types.ts' */

/**
 * @param {string} folder
 * @returns {Manifest}
 */
export function readManifest (folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}

/**
 * Every workspace, each after its dependencies.
 *
 * @returns {Workspace[]}
 */
export function workspaces () {
  const all = new Map(folders().map(path => {
    const folder = join(root, path)
    const manifest = readManifest(folder)

    return [manifest.name, /** @type {Workspace} */ ({ name: manifest.name, path, folder, manifest, siblings: [] })]
  }))

  for (const workspace of all.values()) {
    const { dependencies, devDependencies } = workspace.manifest

    workspace.siblings = Object.keys({ ...dependencies, ...devDependencies })
      .map(name => all.get(name))
      .filter(sibling => sibling != null)
  }

  /** @type {Set<Workspace>} */
  const ordered = new Set()

  for (const workspace of all.values()) {
    visit(workspace, ordered, [])
  }

  return [...ordered]
}

/**
 * The named workspaces and all of their dependencies, dependencies first.
 *
 * @param {string[]} names
 */
export function closure (names) {
  const all = workspaces()
  /** @type {Set<Workspace>} */
  const found = new Set()

  for (const name of names) {
    const workspace = all.find(workspace => workspace.name === name)

    if (workspace == null) {
      throw new Error(`there is no workspace ${name}: there are ${all.map(workspace => workspace.name).join(', ')}`)
    }

    visit(workspace, found, [])
  }

  return [...found]
}

/**
 * @param {Workspace} workspace
 * @param {Set<Workspace>} ordered
 * @param {string[]} path
 */
function visit (workspace, ordered, path) {
  if (path.includes(workspace.name)) {
    throw new Error(`workspaces depend on each other in a circle: ${[...path, workspace.name].join(' → ')}`)
  }

  for (const sibling of workspace.siblings) {
    visit(sibling, ordered, [...path, workspace.name])
  }

  ordered.add(workspace)
}

/** The folders that package.json's `workspaces` refer to: plain ones, and `folder/*`. */
function folders () {
  return (readManifest(root).workspaces ?? [])
    .flatMap(pattern => {
      if (!pattern.endsWith('/*')) {
        return [pattern]
      }

      const parent = pattern.slice(0, -2)

      return readdirSync(join(root, parent)).sort().map(name => join(parent, name))
    })
    .filter(path => existsSync(join(root, path, 'package.json')))
}
