import { expect } from 'aegir/chai'
import { createLine, walkLine, walkPlaces } from '../../src/engine/line.ts'
import type { Line, Placed, Walk } from '../../src/engine/line.ts'

interface One extends Placed<One> { readonly name: string }

function createOne (name: string, place: number): One {
  return { name, place, line: undefined, ahead: undefined, behind: undefined }
}

function lineOf (...names: string[]): { line: Line<One>, of: Map<string, One> } {
  const line = createLine<One>()
  const of = new Map(names.map((name, i) => [name, createOne(name, i + 1)]))
  of.forEach(one => { line.add(one) })

  return { line, of }
}

const names = (line: Line<One>): string[] => Array.from(line, ({ name }) => name)

describe('engine: lines', () => {
  it('elements join at the end, and any element leaves at once', () => {
    const { line, of } = lineOf('a', 'b', 'c', 'd')

    for (const [leaves, left] of [['b', 'acd'], ['a', 'cd'], ['d', 'c'], ['c', '']] as const) {
      expect(line.delete(of.get(leaves)!)).to.equal(true)
      expect(names(line).join('')).to.equal(left)
      expect([line.size, line.first?.name, line.last?.name]).to.deep.equal([left.length, left.at(0), left.at(-1)])
    }

    expect(line.delete(of.get('a')!)).to.equal(false)
  })

  it('an element of another line does not leave this one', () => {
    const { line } = lineOf('a')
    const { of } = lineOf('b')
    expect(line.delete(of.get('b')!)).to.equal(false)
    expect(names(line)).to.deep.equal(['a'])
  })

  it('all elements are iterated, though each leaves when it is reached', () => {
    const { line } = lineOf('a', 'b', 'c')
    const met: string[] = []

    for (const one of line) {
      line.delete(one)
      met.push(one.name)
    }

    expect([met.join(''), line.size]).to.deep.equal(['abc', 0])
  })

  // what happens to the element that a walk has reached; `end`: it moves to the end, with a new place
  const walks: Array<{ title: string, then: Partial<Record<string, Array<'leave' | 'end' | 'next leaves' | 'next to the end'>>>, met: string }> = [
    { title: 'each is visited once if all stay', then: {}, met: 'abcd' },
    { title: 'or if each leaves', then: { a: ['leave'], b: ['leave'], c: ['leave'], d: ['leave'] }, met: 'abcd' },
    { title: 'one that moves to the end is visited again', then: { b: ['end'] }, met: 'abcdb' },
    { title: 'and so is the last', then: { d: ['end'] }, met: 'abcdd' },
    { title: 'one that leaves before is not visited', then: { a: ['next leaves'] }, met: 'acd' },
    { title: 'nor is one that leaves together with the current one', then: { a: ['leave', 'next leaves'] }, met: 'acd' },
    { title: 'one that moves to the end before is visited there', then: { a: ['next to the end'] }, met: 'acdb' }
  ]
  const kinds = {
    'linked lines': (line: Line<One>): Walk<One> => walkLine(line),
    // the line is changed, and a Map is walked
    places: (line: Line<One>, places: Map<One, number>): Walk<One> => walkPlaces(places)
  }

  for (const [kind, start] of Object.entries(kinds)) {
    for (const { title, then, met } of walks) {
      it(`${kind}: ${title}`, () => {
        const { line } = lineOf('a', 'b', 'c', 'd')
        const places = new Map(Array.from(line, one => [one, one.place]))
        let place = 10

        const leave = (one: One): void => {
          line.delete(one)
          places.delete(one)
        }

        const toEnd = (one: One): void => {
          leave(one)
          one.place = place++
          line.add(one)
          places.set(one, one.place)
        }

        const walk = start(line, places)
        const seen: string[] = []

        while (walk.first != null && seen.length < 10) {
          expect(walk.place).to.equal(walk.first.place)
          const one = walk.next()
          const next = one.behind
          const todo = seen.includes(one.name) ? [] : then[one.name] ?? []
          seen.push(one.name)

          for (const what of todo) {
            const who = what.startsWith('next') ? next : one

            if (who != null) {
              (what.endsWith('end') ? toEnd : leave)(who)
            }
          }
        }

        expect([seen.join(''), walk.place]).to.deep.equal([met, Infinity])
      })
    }
  }
})
