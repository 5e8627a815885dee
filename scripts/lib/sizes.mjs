import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'

/** How many lines that are not blank a file and a function may have. */
export const LONGEST_FILE = 300
export const LONGEST_FUNCTION = 70

/**
 * The files below a folder, and the functions in them, that are longer than they may be, as `path: lines` and
 * `path:line name: lines`. Blank lines do not count, so that lines are not saved at the reader's expense.
 *
 * @param {string} root - that paths are relative to
 * @param {string} folder
 * @returns {string[]}
 */
export function tooLong (root, folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .flatMap(({ parentPath, name }) => tooLongIn(relative(root, join(parentPath, name)), readFileSync(join(parentPath, name), 'utf8')))
}

/**
 * @param {string} path
 * @param {string} text
 */
function tooLongIn (path, text) {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const lines = lengthOf(text)
  /** @type {string[]} */
  const found = lines > LONGEST_FILE ? [`${path}: ${lines} lines`] : []

  /** @param {ts.Node} node */
  function visit (node) {
    if (ts.isFunctionLike(node) && 'body' in node && node.body != null) {
      const length = lengthOf(node.getText())

      if (length > LONGEST_FUNCTION) {
        found.push(`${path}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${nameOf(node)}: ${length} lines`)
      }
    }

    ts.forEachChild(node, visit)
  }

  visit(source)

  return found
}

/** @param {ts.SignatureDeclaration} node */
function nameOf (node) {
  const named = node.name ?? ('name' in node.parent ? /** @type {ts.Node} */ (node.parent.name) : undefined)

  return ts.isConstructorDeclaration(node) ? 'constructor' : named?.getText() ?? 'a function without a name'
}

/** @param {string} text */
function lengthOf (text) {
  return text.split('\n').filter(line => line.trim() !== '').length
}
