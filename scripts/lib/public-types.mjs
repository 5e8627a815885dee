import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** @import { TypeDoc, Workspace } from './types.ts' */

// aegir's own, so that `aegir docs` and this check agree
/** @type {TypeDoc} */
const { Application, Logger, LogLevel, ReflectionKind } = await import(pathToFileURL(createRequire(import.meta.resolve('aegir')).resolve('typedoc')).href)

/**
 * What typedoc finds missing in the documentation of a package: types in public
 * signatures that are not exported, and links to what is not public. The main entry
 * point must be complete by itself; the others may use its types.
 *
 * @param {Pick<Workspace, 'folder' | 'manifest'>} workspace
 * @returns {Promise<string[]>}
 */
export async function missingTypes ({ folder, manifest }) {
  const entries = sourcesOf(manifest.exports ?? {}).map(file => join(folder, file))
  const sets = entries.length > 1 ? [entries.slice(0, 1), entries] : [entries]
  /** @type {string[]} */
  const found = []

  for (const entryPoints of sets) {
    found.push(...await check(manifest.name, folder, entryPoints))
  }

  return found
}

/**
 * The sources of a package's entry points, the main one first.
 *
 * @param {Record<string, unknown>} exports
 * @returns {string[]}
 */
export function sourcesOf (exports) {
  return Object.values(exports)
    .map(entry => typeof entry === 'object' && entry != null && 'import' in entry ? String(entry.import) : '')
    .filter(file => file.startsWith('./dist/src/'))
    .map(file => file.replace('./dist/', '').replace(/\.js$/, '.ts'))
}

/**
 * @param {string} name - of the package
 * @param {string} folder
 * @param {string[]} entryPoints
 */
async function check (name, folder, entryPoints) {
  /** @type {string[]} */
  const warnings = []
  const app = await Application.bootstrap({
    entryPoints,
    tsconfig: join(folder, 'tsconfig.json'),
    basePath: folder,
    readme: 'none',
    // no links to sources: they would need a git remote
    disableSources: true,
    // another step checks types
    skipErrorChecking: true,
    validation: { notExported: true, invalidLink: true, invalidPath: true }
  })

  app.logger = new class extends Logger {
    /**
     * @param {string} message
     * @param {number} level
     */
    log (message, level) {
      if (level >= LogLevel.Warn) {
        warnings.push(message)
      }
    }
  }()

  const project = await app.convert()

  if (project == null) {
    throw new Error(`typedoc cannot read ${entryPoints.join(', ')}: ${warnings.join('; ')}`)
  }

  app.validate(project)

  const json = app.serializer.projectToObject(project, folder)
  const exports = (json.children ?? []).flatMap(child => child.kind === ReflectionKind.Module ? child.children ?? [] : [child])
  const names = new Set(exports.map(({ name }) => name))
  const own = exports.filter(({ id }) => [undefined, name].includes(json.symbolIdMap?.[id]?.packageName))

  return [
    ...warnings.filter(message => !isForeignLink(message, name)),
    ...own.flatMap(child => foreignTypes(child, names, name))
  ]
}

/**
 * Whether a warning is of a link in the documentation of another package, of which
 * this one exports a part again.
 *
 * @param {string} message
 * @param {string} self
 */
function isForeignLink (message, self) {
  const [, origin] = /add \{ "([^"]+)"/.exec(message) ?? []

  return origin != null && origin !== self
}

/**
 * Types of other packages of this repository that stand in public signatures and are
 * not exported: typedoc trusts that other packages document them.
 *
 * @param {unknown} node - of typedoc's JSON
 * @param {ReadonlySet<string>} exported
 * @param {string} self - the package that uses them
 * @param {string} [from]
 * @returns {string[]}
 */
function foreignTypes (node, exported, self, from = self) {
  if (typeof node !== 'object' || node == null) {
    return []
  }

  const { type, package: origin, name, kind, refersToTypeParameter } = /** @type {Record<string, unknown>} */ (node)
  const isForeign = type === 'reference' && typeof origin === 'string' && origin.startsWith('@kitsune/') && origin !== self
  const path = kind != null && typeof name === 'string' && !name.startsWith('__') ? `${from}.${name}` : from

  return [
    ...(isForeign && refersToTypeParameter !== true && !exported.has(String(name)) ? [`${name}, of ${origin}, is referenced by ${path} but not exported`] : []),
    ...Object.values(node).flatMap(value => foreignTypes(value, exported, self, path))
  ]
}
