import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { expect } from 'aegir/chai'
import { BITSWAP_PROTOCOLS, MAX_CID_LENGTH, MAX_COPIED_BLOCK, MAX_FRAME_LENGTH, capabilities } from '../src/index.ts'

const folder = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(`${folder}/README.md`, 'utf8')
const [example, streams, importVectors] = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code)

function run (code: string): string {
  return execFileSync(process.execPath, ['--input-type=module-typescript', '-e', code], { cwd: folder, encoding: 'utf8' })
}

describe('the README', () => {
  it('has an example that runs, and finds the block', () => {
    expect(run(example)).to.equal('true\n')
  })

  it('has an example of streams that runs, and reads each message by either way of cutting frames', () => {
    expect(run(streams)).to.equal('1\n2\n1\n2\n')
  })

  it('says how the vectors are imported', () => {
    expect(run(`${importVectors}\nconsole.log(vectors[0].origin.split(' ')[0])`)).to.equal('kubo\n')
  })

  it('has the table of what each version can carry', () => {
    const yes = (value: boolean): string => value ? 'yes' : 'no'

    for (const protocol of BITSWAP_PROTOCOLS) {
      const { prefixes, presences, wantHave } = capabilities(protocol)

      expect(readme).to.include(`| \`${protocol}\` | ${prefixes ? 'any CID' : 'CIDv0 only'} | ${yes(presences)} | ${yes(wantHave)} |`)
    }
  })

  it('has the limits that are in force', () => {
    const figure = new Intl.NumberFormat('en')

    expect(readme).to.include(`| \`frameDecoder({ maxFrameLength })\` | ${figure.format(MAX_FRAME_LENGTH)} bytes |`)
    expect(readme).to.include(`| \`MAX_FRAME_LENGTH\` | ${figure.format(MAX_FRAME_LENGTH)} bytes |`)
    expect(readme).to.include(`| \`MAX_CID_LENGTH\` | ${figure.format(MAX_CID_LENGTH)} bytes |`)
    expect(readme).to.include(`| \`MAX_COPIED_BLOCK\` | ${figure.format(MAX_COPIED_BLOCK)} bytes |`)
  })

  it('begins with the description of the package', () => {
    expect(readme).to.include(`\n> ${createRequire(import.meta.url)('../package.json').description}\n`)
  })
})
