import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { wantKey } from '@kitsune/want-router'
import { storedDenylist } from '@kitsune/want-router/policies'
import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { ConfigError } from '../../src/errors.ts'
import { printDenylistKv } from '../../src/node/denylist-command.ts'

const CID_1 = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'
const KEY = 'd9d295bde21f422d471a90f2a37ec53049fdf3e5fa3ee2e8f20e10003da429e7'

describe('denylist-kv', () => {
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kitsune-edge-'))
    await writeFile(join(folder, 'own.deny'), `/ipfs/${CID_1}\n`)
    await writeFile(join(folder, 'keys.json'), JSON.stringify([{ name: KEY }, { name: 'filter' }]))
  })

  after(async () => {
    await rm(folder, { recursive: true })
  })

  async function run (...files: string[]): Promise<Array<{ key: string, value: string }>> {
    const lines: string[] = []
    await printDenylistKv(files.map(file => join(folder, file)), line => { lines.push(line) })

    return JSON.parse(lines.join('\n')) as Array<{ key: string, value: string }>
  }

  it('prints entries for the rules, and a filter that includes the existing keys', async () => {
    const entries = await run('own.deny', 'keys.json')
    expect(entries.map(({ key }) => key).slice(1)).to.deep.equal(['filter'])
    const values = new Map([...entries.map(({ key, value }) => [key, value] as const), [KEY, '{}']])
    const policy = storedDenylist({ store: { get: async key => values.get(key) } })
    const asks = [CID_1, 'bafybeiefwqslmf6zyyrxodaxx4vwqircuxpza5ri45ws3y5a62ypxti42e', 'bafkqaaa'].map(text => {
      const cid = CID.parse(text)

      return { client: 'client', address: undefined, key: wantKey(cid.bytes) ?? '', cid, type: 'block' as const, review: false }
    })

    expect(await policy.resolve?.(asks, new AbortController().signal)).to.deep.equal(['absent', 'absent', 'pass'])
  })

  it('refuses a missing file, and a command without files', async () => {
    await expect(run('nothing.deny')).to.be.rejectedWith(ConfigError, 'nothing.deny')
    await expect(run()).to.be.rejectedWith(ConfigError, 'denylist-kv <list|keys.json>')
  })
})
