import { fileURLToPath } from 'node:url'
import { expect } from 'aegir/chai'
import { build } from 'esbuild'

/** The minified size of a program for browsers that uses one export, in bytes. The build fails if something needs Node. */
async function sizeOf (name: string, from = './src/index.ts'): Promise<number> {
  const { outputFiles: [{ contents }] } = await build({
    stdin: { contents: `export { ${name} } from '${from}'`, resolveDir: fileURLToPath(new URL('..', import.meta.url)) },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    write: false,
    logLevel: 'silent'
  })

  return contents.byteLength
}

describe('the bundle of a program that imports one export', function () {
  this.timeout(30_000)

  it('has less than 3 kB with a strategy, since the package has no side effects', async () => {
    expect(await sizeOf('rendezvous')).to.be.below(3000)
  })

  it('has less than 120 kB with the HTTP door, most of which decodes IPLD and UnixFS', async () => {
    expect(await sizeOf('blockHandler', './src/http/index.ts')).to.be.below(120_000)
  })
})
