import { deepStrictEqual as equal } from 'node:assert'
import { compare, neverLoaded, shares, unreached, update } from '../lib/coverage.mjs'

/** @import { FileCoverage } from '../lib/types.ts' */

describe('coverage', () => {
  const source = [
    'export function f (a) {',
    '  if (a == null) {',
    '    return',
    '  }',
    '  return a.b ?? none()',
    '}',
    'function none () {',
    '  return 0',
    '}'
  ].join('\n')

  /**
   * @param {Array<[number, number, number, number]>} branches - those not reached: line and column of start and end
   * @param {number[]} rows - the lines not reached
   * @returns {FileCoverage}
   */
  const coverage = (branches, rows) => ({
    statementMap: Object.fromEntries(source.split('\n').map((line, i) => [i, { start: { line: i + 1, column: 0 }, end: { line: i + 1, column: line.length } }])),
    s: Object.fromEntries(source.split('\n').map((_, i) => [i, rows.includes(i + 1) ? 0 : 1])),
    branchMap: Object.fromEntries(branches.map(([line, column, endLine, endColumn], i) => [i, { locations: [{ start: { line, column }, end: { line: endLine, column: endColumn } }] }])),
    b: Object.fromEntries(branches.map((_, i) => [i, [0]]))
  })

  it('names a branch once, by the line on which it begins', () => {
    equal(unreached('f.ts', coverage([[2, 17, 4, 3]], [3, 4]), source), [
      { file: 'f.ts', row: 2, line: 'if (a == null) {', part: 'if (a == null) {' }
    ])
  })

  it('names the first line with text of a branch that begins on an empty one', () => {
    const spaced = source.replace('  return a.b', '\n  return a.b')

    equal(unreached('f.ts', { statementMap: {}, s: {}, branchMap: coverage([[5, 0, 7, 1]], []).branchMap, b: { 0: [0] } }, spaced), [
      { file: 'f.ts', row: 6, line: 'return a.b ?? none()', part: 'return a.b ?? none()' }
    ])
  })

  it('names a branch within a line, though the line is reached', () => {
    equal(unreached('f.ts', coverage([[5, 12, 5, 22]], []), source), [
      { file: 'f.ts', row: 5, line: 'return a.b ?? none()', part: '?? none()' }
    ])
  })

  it('names a function that is never called, once', () => {
    equal(unreached('f.ts', coverage([], [7, 8, 9]), source), [
      { file: 'f.ts', row: 7, line: 'function none () {', part: 'function none () {' }
    ])
  })

  it('leaves out empty branches, and branches that are reached', () => {
    const taken = coverage([[2, 17, 4, 3]], [])
    taken.b[0] = [1]

    equal(unreached('f.ts', taken, source), [])
    equal(unreached('f.ts', coverage([[6, 0, 6, 1]], [6]), source), [])
  })

  it('names files that are never loaded, except those with only types', () => {
    const built = /** @type {Record<string, string>} */ ({ 'io.js': 'export {};\n//# sourceMappingURL=io.js.map', 'lost.js': 'export const a = 1;' })

    equal(neverLoaded(['io.ts', 'lost.ts', 'engine.ts'], ['engine.ts'], name => built[name]), [
      { file: 'lost.ts', row: 1, line: 'the whole file', part: 'the whole file' }
    ])
  })

  it('gives each seed to one process', () => {
    equal(shares(1000, 2), [[1, 500], [501, 500]])
    equal(shares(10, 4), [[1, 3], [4, 3], [7, 3], [10, 1]])
    equal(shares(2, 4), [[1, 1], [2, 1]])
  })

  const found = [
    { file: 'a.ts', row: 3, line: 'return b ?? c', part: '?? c' },
    { file: 'b.ts', row: 9, line: 'throw new Error()', part: 'throw new Error()' }
  ]

  it('finds reasons by the text of a line, not by its number', () => {
    const { listed, unlisted, stale } = compare(found, [{ file: 'a.ts', line: 'return b ?? c', part: '?? c', reason: 'b is always there' }])

    equal(listed, [{ ...found[0], reason: 'b is always there' }])
    equal(unlisted, [{ ...found[1], reason: undefined }])
    equal(stale, [])
  })

  it('accepts a reason for a whole file', () => {
    equal(compare(found, [{ file: 'a.ts', reason: 'x' }, { file: 'b.ts', reason: 'y' }]).unlisted, [])
  })

  it('rejects an empty reason, and a reason for another part of the line or another file', () => {
    for (const reason of [
      { file: 'a.ts', line: 'return b ?? c', part: '?? c', reason: ' ' },
      { file: 'a.ts', line: 'return b ?? c', reason: 'x' },
      { file: 'b.ts', line: 'return b ?? c', part: '?? c', reason: 'x' }
    ]) {
      equal(compare(found, [reason]).unlisted.length, 2)
    }
  })

  it('lists obsolete reasons', () => {
    const gone = { file: 'a.ts', line: 'return d', reason: 'x' }
    equal(compare(found, [gone]).stale, [gone])
  })

  it('removes obsolete reasons, and adds what is missing', () => {
    const kept = { file: 'b.ts', line: 'throw new Error()', reason: 'cannot be' }

    equal(update(found, [kept, { file: 'c.ts', line: 'gone', reason: 'x' }]), [
      { file: 'a.ts', line: 'return b ?? c', part: '?? c', reason: '' },
      kept
    ])
  })
})
