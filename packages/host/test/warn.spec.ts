import { expect } from 'aegir/chai'
import { createWarnMissing } from '../src/warn.ts'

describe('a missing internal field of libp2p', () => {
  it('is reported once, with the version that was tested', () => {
    const said: string[] = []
    const warnMissing = createWarnMissing(message => { said.push(message) })
    warnMissing('@libp2p/tcp', 'socket of a connection', 'it is slow')
    warnMissing('@libp2p/tcp', 'socket of a connection', 'it is slow')
    warnMissing('ws', '_receiver of a socket', 'it is slow')

    expect(said).to.have.lengthOf(2)
    expect(said[0]).to.match(/^@libp2p\/tcp: socket of a connection is missing, so it is slow; @kitsune\/host knows @libp2p\/tcp \d+\.\d+\.\d+$/)
  })

  it('is written to the console unless the program has a callback', () => {
    /* eslint-disable no-console */
    const { warn } = console
    const said: string[] = []
    console.warn = message => { said.push(message) }

    try {
      createWarnMissing()('ws', 'a', 'b')
    } finally {
      console.warn = warn
    }

    expect(said).to.have.lengthOf(1)
  })
})
