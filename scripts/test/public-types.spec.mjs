import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { missingTypes, sourcesOf } from '../lib/public-types.mjs'

const EXPORTS = { '.': { import: './dist/src/index.js' }, './part': { import: './dist/src/part.js' }, './package.json': './package.json' }

describe('public types', function () {
  this.timeout(60_000)

  /** @type {string} */
  let folder

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kitsune-types-'))
  })

  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  /** @param {Record<string, string>} files */
  async function check (files) {
    const manifest = { name: '@kitsune/a', description: '', exports: EXPORTS }

    for (const [path, text] of Object.entries({
      'package.json': JSON.stringify({ ...manifest, version: '1.0.0', type: 'module' }),
      'tsconfig.json': '{ "compilerOptions": { "module": "nodenext", "target": "es2022", "strict": true, "allowImportingTsExtensions": true, "noEmit": true, "types": [] }, "include": ["src"] }',
      'node_modules/@kitsune/b/package.json': '{ "name": "@kitsune/b", "version": "1.0.0", "type": "module", "exports": { ".": { "types": "./index.d.ts", "import": "./index.js" } } }',
      'node_modules/@kitsune/b/index.d.ts': 'export interface Key { readonly other: Other }\nexport interface Other { readonly x: number }\n',
      'src/part.ts': 'export const part = 1\n',
      ...files
    })) {
      mkdirSync(join(folder, path, '..'), { recursive: true })
      writeFileSync(join(folder, path), text)
    }

    return missingTypes({ folder, manifest })
  }

  it('are the sources of the entry points that have code', () => {
    expect(sourcesOf(EXPORTS)).to.deep.equal(['src/index.ts', 'src/part.ts'])
  })

  it('are complete if each type is exported', async () => {
    expect(await check({
      'src/index.ts': "import type { Key } from '@kitsune/b'\nexport type { Key } from '@kitsune/b'\nexport function f <T> (key: Key, t: T): Shown { return { x: 1 } }\nexport interface Shown { readonly x: number }\n",
      'src/part.ts': "import type { Shown } from './index.ts'\nexport function part (): Shown { return { x: 1 } }\n"
    })).to.deep.equal([])
  })

  it('are missing if a signature of the main entry point uses one that only another exports', async () => {
    const missing = await check({
      'src/index.ts': "import type { Hidden } from './part.ts'\nexport function f (): Hidden { return { x: 1 } }\n",
      'src/part.ts': 'export interface Hidden { readonly x: number }\n'
    })

    expect(missing).to.have.lengthOf(1)
    expect(missing[0]).to.match(/^Hidden, defined in .*part\.ts, is referenced by f but not included/)
  })

  it('are missing if they are from another package', async () => {
    expect(await check({ 'src/index.ts': "import type { Key } from '@kitsune/b'\nexport interface A { readonly key: Key }\n" }))
      .to.include('Key, of @kitsune/b, is referenced by @kitsune/a.A.key but not exported')
  })

  it('are missing if the documentation links to one that is not public', async () => {
    const missing = await check({ 'src/index.ts': 'const hidden = 1\n/** See {@link hidden}. */\nexport const shown = hidden\n' })

    expect(missing[0]).to.match(/comment for shown links to "hidden"/)
  })
})
