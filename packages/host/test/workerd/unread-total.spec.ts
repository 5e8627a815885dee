import { expect } from 'aegir/chai'
import { createUnreadTotal, MAX_UNREAD, MAX_UNREAD_TOTAL, MIN_UNREAD } from '../../src/workerd/unread-total.ts'

describe('what all peers of an isolate have not read', () => {
  it('lets a few peers leave the most for one peer unread, and each of many peers a little', () => {
    const total = createUnreadTotal()
    expect(total.limit).to.equal(MAX_UNREAD)
    total.count({}, MAX_UNREAD)
    expect(total.limit).to.equal(MAX_UNREAD)
    total.count({}, MAX_UNREAD_TOTAL - 2 * MAX_UNREAD)
    expect(total.limit).to.equal(MAX_UNREAD / 2)
    total.count({}, MAX_UNREAD_TOTAL)
    expect(total.limit).to.equal(MIN_UNREAD)
  })

  it('counts each connection once', () => {
    const total = createUnreadTotal()
    const connection = {}
    total.count(connection, 100)
    total.count(connection, 70)
    total.count({}, 5)
    expect(total.bytes).to.equal(75)
    total.remove(connection)
    total.remove(connection)
    expect(total.bytes).to.equal(5)
  })

  it('forgets a connection that counts nothing any more, until it counts again', () => {
    let now = 0
    const total = createUnreadTotal(() => now)
    const [silent, other] = [{}, {}]
    total.count(silent, 100)
    now = 60_001
    total.count(other, 1)
    expect(total.bytes).to.equal(1)
    total.count(silent, 30)
    expect(total.bytes).to.equal(31)
  })
})
