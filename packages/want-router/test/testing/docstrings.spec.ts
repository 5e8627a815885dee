import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'aegir/chai'

const SOURCES = new URL('../../src/testing/', import.meta.url)

/** The examples in the docstrings of a source file, importing the sources in place of the package. */
async function examples (file: string): Promise<string[]> {
  const text = await readFile(new URL(file, SOURCES), 'utf8')

  return [...text.matchAll(/^ \* ```ts\n([^]*?)^ \* ```$/gm)].map(([, lines]) => lines
    .replaceAll(/^ \* ?/gm, '')
    .replaceAll(/'@kitsune\/want-router(\/testing)?'/g, (_, path = '') => `'${import.meta.resolve(`../../src${path}/index.ts`)}'`))
}

describe('the examples in the docstrings of the testing kit', () => {
  it('run', async function () {
    this.timeout(60_000)
    const folder = await mkdtemp(join(tmpdir(), 'kitsune-docstrings-'))

    try {
      for (const file of (await readdir(SOURCES)).filter(name => name.endsWith('.ts'))) {
        for (const [i, code] of (await examples(file)).entries()) {
          await writeFile(join(folder, `${file}-${i}.test.mts`), code)
        }
      }

      expect(await readdir(folder)).to.have.length.above(3)

      // drop what the runner of this test has set
      const { NODE_TEST_CONTEXT, NODE_OPTIONS, ...env } = process.env
      const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap'], { cwd: folder, env })
        .catch((err: Error & { stdout: string }) => { throw new Error(err.stdout) })
      expect(stdout).to.match(/^# fail 0$/m)
      expect(stdout).to.match(/^# pass [1-9]\d+$/m)
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
