import { expect } from 'aegir/chai'
import { base36 } from 'multiformats/bases/base36'
import { CID } from 'multiformats/cid'
import { DenylistFormatError } from '../../../src/errors.ts'
import { parseDenylist as parse } from '../../../src/policies/denylist/parse-denylist.ts'
import { askFor } from './fixtures.ts'

// the examples of the format's specification and of nopfs
const CLEAR = 'bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq'
const LEGACY = 'bafybeiefwqslmf6zyyrxodaxx4vwqircuxpza5ri45ws3y5a62ypxti42e'
const DOUBLE = 'QmVTF1yEejXd9iMgoRTFDxBv7HAz9kuZcQNBzHrceuK9HR'
const OTHER = 'QmbWqxBEKC3P8tqsKc98xmWNzrzDtRLMiMPL8wBuTGsMnR'

const LIST = `version: 1
name: A list
hints:
  gateway_status: 410
---
# a comment
/ipfs/${CLEAR} reason=a_hint

//d9d295bde21f422d471a90f2a37ec53049fdf3e5fa3ee2e8f20e10003da429e7
//QmX9dhRcQcKUw3Ws8485T5a9dtjrSCQaUAHnG4iK9i4ceM
/ipfs/QmdWFA9FL52hx3j9EJZPQP1ZUH8Ygi5tLCX2cRDs6knSf8/*
/ipfs/Qmah2YDTfrox4watLCr3YgKyBwvjq8FJZEFdWY6WtJ3Xt2/test*
/ipns/example.com
/ipns/k51qzi5uqu5dhmzyv3zac033i7rl9hkgczxyl81lwoukda2htteop7d3x0y1mf
//gW7Nhu4HrfDtphEivm3Z9NNE7gpdh5Tga8g6JNZc1S8E47/path
`

const parseDenylist = async (text: string): ReturnType<typeof parse> => parse(text, async () => {})

/** Every way in which a client may write the CID of a block. */
function forms (text: string): CID[] {
  const cid = CID.parse(text)
  const all = [0x55, 0x70, 0x71, 0x72, 0x0129].map(codec => CID.createV1(codec, cid.multihash))

  return [...all, CID.create(0, 0x70, cid.multihash as CID<unknown, 0x70, 0x12, 0>['multihash']), CID.parse(cid.toV1().toString(base36), base36)]
}

async function rulesOf (text: string): Promise<(cid: CID | string) => boolean | undefined> {
  const { rules } = await parseDenylist(text)

  return cid => {
    const ask = askFor(cid)

    return rules.find(ask.key, ask.cid)
  }
}

describe('parseDenylist', () => {
  it('reads rules in clear, hashed as badbits has them, and hashed as multihashes, and denies each under all its CIDs', async () => {
    const find = await rulesOf(LIST)

    for (const text of [CLEAR, LEGACY, DOUBLE, 'QmdWFA9FL52hx3j9EJZPQP1ZUH8Ygi5tLCX2cRDs6knSf8']) {
      for (const cid of forms(text)) {
        expect(find(cid), `${text} as ${cid}`).to.equal(true)
      }
    }

    expect(find(OTHER)).to.equal(undefined)
  })

  it('counts rules that do not apply to blocks, and denies nothing by them', async () => {
    const { rules, others, malformed } = await parseDenylist(LIST)

    expect({ size: rules.size, others, malformed }).to.deep.equal({ size: 4, others: 4, malformed: 0 })
    expect((await rulesOf(LIST))('Qmah2YDTfrox4watLCr3YgKyBwvjq8FJZEFdWY6WtJ3Xt2')).to.equal(undefined)
  })

  it('lets a later rule that allows override a rule, and a still later one override that', async () => {
    for (const sign of ['!', '-', '+']) {
      expect((await rulesOf(`/ipfs/${CLEAR}\n${sign}/ipfs/${CLEAR}`))(CLEAR)).to.equal(false)
      expect((await rulesOf(`/ipfs/${CLEAR}\n${sign}/ipfs/${CLEAR}\n/ipfs/${CLEAR}`))(CLEAR)).to.equal(true)
    }
  })

  it('needs no header, nor a newline at the end', async () => {
    expect((await rulesOf(`/ipfs/${CLEAR}`))(CLEAR)).to.equal(true)
    expect((await rulesOf(`name: x\r\n---\r\n/ipfs/${CLEAR}\r\n`))(CLEAR)).to.equal(true)
  })

  it('says which lines are not rules, and keeps the others', async () => {
    const list = `version: 1\n---\n/ipfs/${CLEAR}\n/ipfs/nonsense\nhello\n//abc\n//${'z'.repeat(20)}\n//${'g'.repeat(64)}\n//${':'.repeat(64)}\n`
    const { rules, malformed, firstMalformed } = await parseDenylist(list)

    expect({ size: rules.size, malformed, firstMalformed }).to.deep.equal({ size: 1, malformed: 6, firstMalformed: 4 })
  })

  it('pauses now and then to let other work run', async () => {
    let pauses = 0
    await parse(`/ipfs/${CLEAR}\n`.repeat(5000), async () => { pauses++ })

    expect(pauses).to.equal(5)
  })

  it('refuses a later version of the format, and what is not a list at all', async () => {
    await expect(parseDenylist('version: 2\n---\n')).to.be.rejectedWith(DenylistFormatError, 'version 2')
    await expect(parseDenylist('<html>\n<body>Sign in</body>')).to.be.rejectedWith(DenylistFormatError, 'none of them is a rule')
    expect((await parseDenylist('')).rules.size).to.equal(0)
  })
})
