import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { consumerConfig, entryPoints, runtimeConsumer, typesConsumer } from '../lib/consumer.mjs'
import { root } from '../lib/root.mjs'

describe('consumer', () => {
  const manifest = { name: 'thing', type: 'module', exports: { '.': './index.js', './part': './index.js', './data.json': './data.json' } }
  /** @type {string} */
  let folder

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kitsune-consumer-'))
    mkdirSync(join(folder, 'node_modules', 'thing'), { recursive: true })
    symlinkSync(join(root, 'node_modules', '@types'), join(folder, 'node_modules', '@types'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'node_modules', 'thing', 'package.json'), JSON.stringify(manifest))
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(consumerConfig))
  })

  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  /**
   * @param {string} code
   * @param {string} declarations
   */
  function install (code, declarations) {
    writeFileSync(join(folder, 'node_modules', 'thing', 'index.js'), code)
    writeFileSync(join(folder, 'node_modules', 'thing', 'index.d.ts'), declarations)
  }

  /** Imports what was installed as a program would. */
  function runs () {
    writeFileSync(join(folder, 'consumer.mjs'), runtimeConsumer(entryPoints(manifest)))

    return spawnSync(process.execPath, ['consumer.mjs'], { cwd: folder, encoding: 'utf8' })
  }

  /** Compiles against what was installed. */
  function compiles () {
    writeFileSync(join(folder, 'consumer.ts'), typesConsumer({ thing: ['a'] }))

    return spawnSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--project', folder], { encoding: 'utf8' })
  }

  it('imports every entry point that is code', () => {
    install('export const a = 1', '')

    expect(JSON.parse(runs().stdout)).to.deep.equal({ thing: ['a'], 'thing/part': ['a'] })
  })

  it('fails on one that exports nothing', () => {
    install('', '')

    expect(runs().stderr).to.include('thing exports nothing')
  })

  it('compiles against what is declared, and not against what is any or missing', () => {
    install('', 'export const a: number')
    expect(compiles()).to.include({ stdout: '', status: 0 })

    install('', 'export const a: any')
    expect(compiles().stdout).to.include('error TS')

    install('', 'export const b: number')
    expect(compiles().stdout).to.include('error TS')
  })
})
