import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { importCycles } from '../lib/import-cycles.mjs'
import { root } from '../lib/root.mjs'
import { workspaces } from '../lib/workspaces.mjs'

describe('import cycles', () => {
  it('there are none between the files of any workspace, types included', function () {
    this.timeout(60_000)

    expect(importCycles(root, workspaces().map(({ folder }) => folder))).to.deep.equal([])
  })

  it('are found for all kinds of imports, each once', () => {
    const folder = mkdtempSync(join(tmpdir(), 'import-cycles-'))

    try {
      mkdirSync(join(folder, 'deep'))

      for (const [name, text] of Object.entries({
        'a.ts': "import { b } from './deep/b.ts'\nimport './apart.ts'",
        'deep/b.ts': "export type { C } from '../c.ts'\n// import '../apart.ts'",
        'c.ts': "import type { A } from './a.ts'",
        'd.ts': "import './a.ts'\nconst e = await import('./e.ts')",
        'e.ts': "export * from './d.ts'",
        'apart.ts': "import '@scope/other'\nimport './gone.ts'"
      })) {
        writeFileSync(join(folder, name), text)
      }

      expect(importCycles(folder, [folder])).to.have.deep.members([['a.ts', 'c.ts', 'deep/b.ts'], ['d.ts', 'e.ts']])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
