import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'aegir/chai'

const SCRIPT = fileURLToPath(new URL('./rank-process.ts', import.meta.url))
const MEMBERS = ['kubo-1', 'kubo-2', '/dns4/näher/tcp/5001', 'https://node.example', 'e', 'f'].map((id, i) => ({ id, weight: 1 + i % 3 }))

/** The rankings of 200 wants under rendezvous and Maglev, in a separate process. */
async function rankedBy (seed: number, members: typeof MEMBERS): Promise<string[][][]> {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, JSON.stringify({ seed, members })])

  return JSON.parse(stdout)
}

describe('two processes', function () {
  this.timeout(30_000)

  it('with the same public key rank members of the same names alike, whatever the order of their configuration', async () => {
    const [one, other] = await Promise.all([rankedBy(0x5eed, MEMBERS), rankedBy(0x5eed, MEMBERS.toReversed())])

    expect(one.flat()).to.have.length(400)
    expect(other).to.deep.equal(one)
  })

  it('with different keys rank differently', async () => {
    const [one, other] = await Promise.all([rankedBy(1, MEMBERS), rankedBy(2, MEMBERS)])

    expect(other[0]).to.not.deep.equal(one[0])
    expect(other[1]).to.not.deep.equal(one[1])
  })
})
