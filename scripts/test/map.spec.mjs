import { deepStrictEqual as equal, ok } from 'node:assert'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { mapOf } from '../lib/map.mjs'
import { root } from '../lib/root.mjs'

describe('map', () => {
  const map = mapOf(readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8'))

  it('answers at least twenty questions', () => {
    ok(map.length >= 20, `${map.length} questions`)
  })

  it('names files that exist', () => {
    equal(map.filter(({ path }) => !existsSync(join(root, path))), [])
  })

  it('answers each question by a name that no other answer has', () => {
    for (const { name, path } of map) {
      equal(name, basename(path))
    }

    equal(new Set(map.map(({ name }) => name)).size, map.length)
    equal(new Set(map.map(({ question }) => question)).size, map.length)
  })

  it('has only questions with answers in its table', () => {
    const table = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').split('### Where is it?')[1].split('\n#')[0]
    equal(table.split('\n').filter(line => line.startsWith('|')).length, map.length + 2)
  })

  it('reads a table', () => {
    equal(mapOf('## Layout\n| a | [b](c) |\n\n### Where is it?\n\n| question | file |\n|---|---|\n| Where is a? | [b.ts](c/b.ts) |\n\n## Style\n| d | [e](f) |\n'), [
      { question: 'Where is a?', name: 'b.ts', path: 'c/b.ts' }
    ])
    equal(mapOf('nothing'), [])
  })

  it('has each file of the engine that owns some state', () => {
    // no question is about these files
    const helpers = [
      'index.ts', 'io.ts', 'model.ts', 'state.ts', 'engine-init.ts', 'initial-state.ts', 'status.ts', 'status-report.ts', 'tap.ts', 'timers.ts',
      'fetch.ts', 'members.ts', 'wantlist-entries.ts', 'recent-keys.ts', 'same-bytes.ts', 'cid-head.ts', 'line.ts', 'hash.ts', 'verifiability.ts', 'guarded-strategy.ts'
    ]
    const folder = 'packages/want-router/src/engine'
    const named = new Set(map.map(({ path }) => path))

    equal(readdirSync(join(root, folder)).filter(name => !helpers.includes(name) && !named.has(`${folder}/${name}`)), [])
  })
})
