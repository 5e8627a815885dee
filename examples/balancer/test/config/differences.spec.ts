import { expect } from 'aegir/chai'
import { changedSettings } from '../../src/config/differences.ts'
import { load } from '../support/config.ts'

describe('settings that differ', () => {
  const before = load({ flags: '-d http://a:5001' })

  it('are none if only the nodes differ', () => {
    expect(changedSettings(before, load({ flags: '-d http://b:5001 -d http://a:5001;weight=2' }))).to.be.empty()
  })

  it('are named as in the config file', () => {
    const after = load({ flags: '-d http://a:5001 --strategy round-robin --max-wants 7 --grace 5 --admin 127.0.0.1:1 --record x -l /ip4/127.0.0.1/tcp/1' })

    expect(changedSettings(before, after)).to.have.members(['strategy', 'maxWants', 'grace', 'admin', 'record', 'listen'])
    expect(changedSettings(after, before)).to.have.members(['strategy', 'maxWants', 'grace', 'admin', 'record', 'listen'])
  })
})
