import { expect } from 'aegir/chai'
import { createPendingPlaces } from '../src/pending-places.ts'

describe('pending places', () => {
  it('go to the newest sockets, in place of the oldest of the address that holds most', () => {
    const gone: string[] = []
    const places = createPendingPlaces<string>(4, socket => { gone.push(socket) })
    places.add('elder', '10.0.0.1')
    places.add('a', '10.0.0.2')
    places.add('b', '10.0.0.2')
    places.add('c', '10.0.0.2')
    expect(gone).to.be.empty()

    places.add('new', '10.0.0.3')
    places.add('d', '10.0.0.2')
    expect(gone).to.deep.equal(['a', 'b'])
    expect(places.size).to.equal(4)

    places.delete('d')
    places.delete('c')
    places.delete('a')
    expect(places.size).to.equal(2)
    places.add('e', '10.0.0.4')
    places.add('f', '10.0.0.4')
    places.add('g', '10.0.0.5')
    expect(gone).to.deep.equal(['a', 'b', 'e'])
  })

  it('go from one to the next if each address holds one', () => {
    const gone: number[] = []
    const places = createPendingPlaces<number>(3, socket => { gone.push(socket) })

    for (let i = 0; i < 6; i++) {
      places.add(i, `10.0.0.${i}`)
    }

    expect(gone).to.deep.equal([0, 1, 2])
  })
})
