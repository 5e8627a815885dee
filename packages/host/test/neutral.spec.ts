import { fileURLToPath } from 'node:url'
import { expect } from 'aegir/chai'
import { build } from 'esbuild'

describe('the neutral entry point', function () {
  this.timeout(30_000)

  it('uses no module of Node.js: it can be bundled for Workers and browsers', async () => {
    const { metafile } = await build({
      entryPoints: [fileURLToPath(new URL('../src/index.ts', import.meta.url))],
      bundle: true,
      format: 'esm',
      platform: 'browser',
      conditions: ['workerd', 'worker'],
      target: 'es2024',
      write: false,
      metafile: true,
      // a module of Node.js could not be resolved
      logLevel: 'silent'
    })

    expect(Object.keys(metafile.inputs).filter(path => path.includes('packages/host/src/node/'))).to.deep.equal([])
    expect(Object.keys(metafile.inputs).some(path => path.endsWith('create-host.ts'))).to.be.true()
  })
})
