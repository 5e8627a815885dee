import { expect } from 'aegir/chai'
import { CID } from 'multiformats/cid'
import { AccessListError } from '../../../src/errors.ts'
import { accessList } from '../../../src/policies/access/access-list.ts'
import { askFor } from '../denylist/fixtures.ts'
import type { AccessList } from '../../../src/policies/access/access-list.ts'

const A = 'QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR'
const B = 'QmVTF1yEejXd9iMgoRTFDxBv7HAz9kuZcQNBzHrceuK9HR'
const PEER = '12D3KooWGgQFcD2b5CtUuLQBYhzcRv5QcLxAgkrPQ6rFo7ZuDXjM'
const OTHER = '12D3KooWNvSZnPi3RrhrTwEY4LuuBeB6K6facKUCJcyWG1aoDd2p'

async function started (...texts: string[]): Promise<AccessList> {
  const policy = accessList({ lists: texts.map((text, i) => ({ name: `list ${i}`, load: async () => text })) })
  await policy.refresh()

  return policy
}

describe('accessList', () => {
  it('lets a client ask by the last rule that matches it', async () => {
    const policy = await started(`# only one\ndeny client *\nallow client ${PEER} # that one\n`)
    expect(policy.rules).to.equal(2)
    expect(policy.admit(askFor(A, PEER))).to.equal('pass')
    expect(policy.admit(askFor(A, OTHER))).to.equal('close')
  })

  it('knows clients by address, also over HTTP', async () => {
    const policy = await started('deny client 192.0.2.0/24\nallow client 192.0.2.7\ndeny client 2001:db8::/32\n')
    expect(policy.admit(askFor(A, PEER, '/ip4/192.0.2.1/tcp/1'))).to.equal('close')
    expect(policy.admit(askFor(A, PEER, '/ip4/192.0.2.7/tcp/1'))).to.equal('pass')
    expect(policy.admit(askFor(A, OTHER, '/ip4/198.51.100.1/tcp/1'))).to.equal('pass')
    expect(policy.admit(askFor(A, 'http:192.0.2.9'))).to.equal('close')
    expect(policy.admit(askFor(A, 'http:2001:db8:1:2::/64'))).to.equal('close')
    expect(policy.admit(askFor(A, 'http:unknown'))).to.equal('pass')
  })

  it('serves or refuses blocks under all their CIDs', async () => {
    const denied = await started(`deny cid ${A}\n`)
    expect(denied.admit(askFor(CID.parse(A).toV1()))).to.equal('absent')
    expect(denied.admit(askFor(B))).to.equal('pass')

    const allowed = await started(`deny cid *\nallow cid ${CID.parse(A).toV1()}\n`)
    expect(allowed.admit(askFor(A))).to.equal('pass')
    expect(allowed.admit(askFor(B))).to.equal('absent')
    // all lists have to allow it
    expect((await started(`deny cid ${A}\n`, 'allow cid *\n')).admit(askFor(A))).to.equal('absent')
  })

  it('refuses everything until it has been read, and takes changes', async () => {
    const errors: Error[] = []
    let text: string | undefined
    const policy = accessList({
      lists: [{
        name: 'file',
        load: async () => {
          if (text == null) {
            throw new Error('is not there')
          }

          return text
        }
      }],
      onError: error => { errors.push(error) }
    })
    await policy.refresh()
    expect(policy.admit(askFor(A, PEER))).to.equal('unknown')

    text = 'nonsense\ndeny client nobody\n'
    await policy.refresh()
    expect(policy.admit(askFor(A, PEER))).to.equal('pass')
    expect(errors.map(({ message }) => message)).to.deep.equal(['access list file: is not there', 'access list file: 2 lines are not rules; line 1 is the first'])
    expect(errors[0]).to.be.an.instanceOf(AccessListError)

    text = `deny client ${PEER}\n`
    await policy.refresh()
    expect(policy.admit(askFor(A, PEER))).to.equal('close')
  })
})
