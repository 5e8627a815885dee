import { expect } from 'aegir/chai'
import { failureMessage } from '../src/failure-message.ts'

describe('the reason why a command failed', () => {
  it('is the message of kubo', () => {
    expect(failureMessage('{"Message":"block was not found","Code":0,"Type":"error"}')).to.equal('block was not found')
  })

  it('is the beginning of any other answer', () => {
    for (const text of ['', 'null', '[]', '"Message"', '<html>', '{"Message":']) {
      expect(failureMessage(text)).to.equal(text)
    }

    expect(failureMessage('x'.repeat(1000))).to.have.lengthOf(200)
  })
})
