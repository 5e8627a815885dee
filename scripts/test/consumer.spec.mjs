import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'aegir/chai'
import { consumerConfig, entryPoints, outsideManifest, runtimeConsumer, typesConsumer } from '../lib/consumer.mjs'
import { root } from '../lib/root.mjs'

describe('consumer', () => {
  /** @type {string} */
  let folder

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kitsune-consumer-'))
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(join(root, 'node_modules', '@types'), join(folder, 'node_modules', '@types'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  })

  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  /**
   * @param {string} name
   * @param {{ code?: string, declarations?: string }} files
   */
  function install (name, { code = '', declarations = '' }) {
    const manifest = { name, type: 'module', exports: { '.': './index.js', './part': './index.js', './data.json': './data.json' } }
    const into = join(folder, 'node_modules', name)

    mkdirSync(into)
    writeFileSync(join(into, 'package.json'), JSON.stringify(manifest))
    writeFileSync(join(into, 'index.js'), code)
    writeFileSync(join(into, 'index.d.ts'), declarations)

    return manifest
  }

  /** @param {{ name: string, exports: Record<string, unknown> }} manifest */
  function imports (manifest) {
    writeFileSync(join(folder, 'consumer.mjs'), runtimeConsumer(entryPoints(manifest)))

    return spawnSync(process.execPath, ['consumer.mjs'], { cwd: folder, encoding: 'utf8' })
  }

  it('imports every entry point that is code', () => {
    const { stdout } = imports(install('thing', { code: 'export const a = 1' }))

    expect(JSON.parse(stdout)).to.deep.equal({ thing: ['a'], 'thing/part': ['a'] })
  })

  it('fails on one that exports nothing', () => {
    expect(imports(install('thing', {})).stderr).to.include('thing exports nothing')
  })

  it('takes packed packages from the tarballs, and leaves out the tools of the repository', () => {
    const manifest = {
      name: 'example',
      description: 'an example',
      dependencies: { '@kitsune/thing': '^0.0.0', other: '^1.0.0' },
      devDependencies: { aegir: '^48.0.0', vitest: '^4.0.0' }
    }

    expect(outsideManifest(manifest, new Map([['@kitsune/thing', '/tmp/thing.tgz'], ['@kitsune/part', '/tmp/part.tgz']]))).to.deep.equal({
      ...manifest,
      dependencies: { '@kitsune/thing': 'file:/tmp/thing.tgz', other: '^1.0.0' },
      devDependencies: { vitest: '^4.0.0' },
      overrides: { '@kitsune/part': 'file:/tmp/part.tgz' }
    })
  })

  it('compiles against declared types, and not against types that are any or missing', () => {
    const declared = { typed: 'export const a: number', untyped: 'export const a: any', absent: 'export const b: number' }

    for (const [name, declarations] of Object.entries(declared)) {
      install(name, { declarations })
      writeFileSync(join(folder, `${name}-consumer.ts`), typesConsumer({ [name]: ['a'] }))
    }

    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(consumerConfig))
    const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '--project', folder], { cwd: folder, encoding: 'utf8' })

    expect([...stdout.matchAll(/^(\S+)\(/gm)].map(match => match[1])).to.have.members(['untyped-consumer.ts', 'absent-consumer.ts'])
  })
})
