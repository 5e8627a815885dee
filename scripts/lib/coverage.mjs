/** @import { Compared, FileCoverage, Reason, Unreached } from './types.ts' */

/**
 * Lists the branches of a file that are not reached, each with the line on which
 * it begins, and the lines that are not reached outside of these branches.
 *
 * @param {string} file
 * @param {FileCoverage} coverage
 * @param {string} source
 * @returns {Unreached[]}
 */
export function unreached (file, { statementMap, s, branchMap, b }, source) {
  const lines = source.split('\n')
  /** @type {Unreached[]} */
  const found = []
  /** @type {Set<number>} */
  const rows = new Set()

  for (const [id, counts] of Object.entries(b)) {
    for (const [i, { start, end }] of branchMap[id].locations.entries()) {
      const first = lines[start.line - 1]
      const branch = first.slice(Math.max(0, start.column), end.line === start.line ? end.column : undefined).trim()

      // V8 counts the end of a function after its last return as a branch, although there is nothing in it
      if (counts[i] === 0 && (end.line > start.line || /\w/.test(branch))) {
        // the code after a return can begin on an empty line
        const row = rowWithText(lines, start.line)
        const line = lines[row - 1].trim()
        found.push({ file, row, line, part: row === start.line && /\w/.test(branch) ? branch : line })
        for (let row = start.line; row <= end.line; row++) {
          rows.add(row)
        }
      }
    }
  }

  for (const [id, count] of Object.entries(s)) {
    const { line: row } = statementMap[id].start
    const line = lines[row - 1].trim()

    if (count === 0 && !rows.has(row)) {
      // consecutive lines are one entry
      const follows = rows.has(row - 1)
      rows.add(row)
      if (!follows && /\w/.test(line)) {
        found.push({ file, row, line, part: line })
      }
    }
  }

  return found.sort((a, b) => a.row - b.row)
}

/**
 * The first line from `row` on that is not blank.
 *
 * @param {string[]} lines
 * @param {number} row - from 1
 */
function rowWithText (lines, row) {
  const found = lines.findIndex((line, i) => i >= row - 1 && /\w/.test(line))

  return found === -1 ? row : found + 1
}

/**
 * Divides the seeds from 1 to `seeds` into ranges, each with its first seed and its length.
 *
 * @param {number} seeds
 * @param {number} processes
 * @returns {Array<[number, number]>}
 */
export function shares (seeds, processes) {
  const each = Math.ceil(seeds / processes)

  return Array.from({ length: Math.ceil(seeds / each) }, (_, i) => [1 + i * each, Math.min(each, seeds - i * each)])
}

/**
 * Lists the files that are never loaded, except those that contain only types.
 *
 * @param {string[]} files - sources
 * @param {string[]} loaded
 * @param {(name: string) => string} built - reads what a source was compiled to
 * @returns {Unreached[]}
 */
export function neverLoaded (files, loaded, built) {
  return files
    .filter(file => file.endsWith('.ts') && !loaded.includes(file))
    // what is left of a file with only types
    .filter(file => !/^\s*export \{\};\s*(\/\/#.*)?\s*$/.test(built(file.replace(/ts$/, 'js'))))
    .map(file => ({ file, row: 1, line: 'the whole file', part: 'the whole file' }))
}

/**
 * Finds the reason for each line and branch, and the reasons that are obsolete. A
 * reason without `line` is for the whole file.
 *
 * @param {Unreached[]} found
 * @param {Reason[]} reasons
 * @returns {Compared}
 */
export function compare (found, reasons) {
  const valid = reasons.filter(({ reason }) => reason.trim() !== '')
  const withReasons = found.map(one => ({ ...one, reason: valid.find(reason => isFor(reason, one))?.reason }))

  return {
    listed: withReasons.filter(({ reason }) => reason != null),
    unlisted: withReasons.filter(({ reason }) => reason == null),
    stale: reasons.filter(reason => !found.some(one => isFor(reason, one)))
  }
}

/**
 * Removes obsolete reasons, and adds an entry with an empty reason for each that is missing.
 *
 * @param {Unreached[]} found
 * @param {Reason[]} reasons
 * @returns {Reason[]}
 */
export function update (found, reasons) {
  const kept = reasons.filter(reason => found.some(one => isFor(reason, one)))
  const missing = found
    .filter(one => !kept.some(reason => isFor(reason, one)))
    .map(({ file, line, part }) => ({ file, line, ...(part === line ? {} : { part }), reason: '' }))

  return [...kept, ...missing].sort((a, b) => a.file < b.file ? -1 : a.file > b.file ? 1 : 0)
}

/**
 * Compares texts, not line numbers, which change whenever a line is added above.
 *
 * @param {Reason} reason
 * @param {Unreached} found
 */
function isFor (reason, found) {
  return reason.file === found.file && (reason.line == null || (reason.line === found.line && (reason.part ?? found.line) === found.part))
}
