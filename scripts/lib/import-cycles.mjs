import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'

/**
 * The files below these folders that import each other in a circle, type imports
 * included: each circle once, with paths relative to the root.
 *
 * @param {string} root
 * @param {string[]} folders
 * @returns {string[][]}
 */
export function importCycles (root, folders) {
  const imports = new Map(folders.flatMap(sourcesOf).map(file => [file, relativeImports(file)]))

  return circles(imports).map(files => files.map(file => relative(root, file)).sort())
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function sourcesOf (folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.m?ts$/.test(entry.name) && !/[\\/](node_modules|dist)([\\/]|$)/.test(entry.parentPath))
    .map(({ parentPath, name }) => join(parentPath, name))
}

/** @param {string} file */
function relativeImports (file) {
  return ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles
    .map(({ fileName }) => fileName)
    .filter(name => name.startsWith('.'))
    .map(name => join(dirname(file), name))
}

/**
 * The strongly connected components of more than one file, and files that import
 * themselves (Tarjan, Depth-first search and linear graph algorithms, 1972).
 *
 * @param {Map<string, string[]>} imports
 */
function circles (imports) {
  /** @type {Map<string, number>} */
  const order = new Map()
  /** @type {string[]} */
  const stack = []
  /** @type {string[][]} */
  const found = []

  /**
   * @param {string} file
   * @returns {number} the place of the first file that can be reached from this one and leads to it
   */
  function visit (file) {
    const place = order.size
    const depth = stack.push(file) - 1
    let first = place
    order.set(file, place)

    for (const imported of imports.get(file) ?? []) {
      if (!order.has(imported) && imports.has(imported)) {
        first = Math.min(first, visit(imported))
      } else if (stack.includes(imported)) {
        first = Math.min(first, /** @type {number} */ (order.get(imported)))
      }
    }

    if (first === place) {
      const circle = stack.splice(depth)

      if (circle.length > 1 || imports.get(file)?.includes(file)) {
        found.push(circle)
      }
    }

    return first
  }

  for (const file of imports.keys()) {
    if (!order.has(file)) {
      visit(file)
    }
  }

  return found
}
