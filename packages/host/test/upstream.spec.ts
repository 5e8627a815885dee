import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'aegir/chai'

const folder = new URL('./upstream/', import.meta.url)
const files = readdirSync(folder).filter(name => name.endsWith('.ts'))

/** Runs a program; returns its exit code and its output. */
async function run (name: string): Promise<{ code: unknown, said: string }> {
  return new Promise(resolve => {
    execFile(process.execPath, [fileURLToPath(new URL(name, folder))], { timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: error == null ? 0 : error.code, said: stdout + stderr })
    })
  })
}

describe('faults of libraries', function () {
  this.timeout(60_000)

  for (const name of files) {
    it(`still exist, so their workarounds are still needed: ${name}`, async () => {
      const { code, said } = await run(name)
      expect(code, `it says: ${said}`).to.equal(0)
      expect(said).to.not.be.empty()
    })
  }

  it('are listed with their workarounds', () => {
    const readme = readFileSync(new URL('README.md', folder), 'utf8')
    expect([...readme.matchAll(/^\| \[(.+?)\]/gm)].map(([, name]) => name).sort()).to.deep.equal([...files].sort())
  })
})
