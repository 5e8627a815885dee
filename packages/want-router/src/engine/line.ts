/**
 * Lines of clients and of attempts, as linked lists. An element stands in one line at
 * most, so it has the links itself: joining and leaving a line costs the same whatever
 * its length, without a lookup. (A Set whose elements mostly leave at the front has to
 * skip their empty slots to find the first.)
 */

/** What stands in lines. */
export interface InLine<T> {
  /** These three are written only by {@link Line}: the line in which the element stands, and its neighbours there. */
  line: Line<T> | undefined
  ahead: T | undefined
  behind: T | undefined
}

/** What stands in lines ordered by number: the first in line has the smallest. */
export interface Placed<T> extends InLine<T> {
  place: number
}

/** A line, iterated from its first element. The current element may leave during an iteration; no other may. */
export interface Line<T> extends Iterable<T> {
  readonly size: number
  readonly first: T | undefined
  readonly last: T | undefined
  /** Adds an element at the end. It must not stand in a line. */
  add (one: T): void
  /** Removes an element; false: it does not stand in this line. */
  delete (one: T): boolean
}

/** A walk along a line: it visits each element once, and visits an element that moves to the end meanwhile again. */
export interface Walk<T> {
  /** The next element to visit. */
  readonly first: T | undefined
  /** The place of that element; Infinity: the line has ended. */
  readonly place: number
  next (): T
}

/** Makes an empty line. */
export function createLine <T extends InLine<T>> (): Line<T> {
  return new LinkedLine<T>()
}

class LinkedLine<T extends InLine<T>> implements Line<T> {
  size = 0
  first: T | undefined
  last: T | undefined

  add (one: T): void {
    one.line = this
    one.ahead = this.last

    if (this.last == null) {
      this.first = one
    } else {
      this.last.behind = one
    }

    this.last = one
    this.size++
  }

  delete (one: T): boolean {
    if (one.line !== this) {
      return false
    }

    const { ahead, behind } = one

    if (ahead == null) {
      this.first = behind
    } else {
      ahead.behind = behind
    }

    if (behind == null) {
      this.last = ahead
    } else {
      behind.ahead = ahead
    }

    one.line = undefined
    one.ahead = undefined
    one.behind = undefined
    this.size--

    return true
  }

  * [Symbol.iterator] (): Iterator<T> {
    let next: T | undefined

    for (let one = this.first; one != null; one = next) {
      next = one.behind
      yield one
    }
  }
}

/** Walks along a line that may change meanwhile. */
export function walkLine <T extends Placed<T>> (line: Line<T>): Walk<T> {
  return new LineWalk(line)
}

class LineWalk<T extends Placed<T>> implements Walk<T> {
  readonly #line: Line<T>
  #seen = -Infinity
  #next: T | undefined
  #place = 0

  constructor (line: Line<T>) {
    this.#line = line
    this.#expect(line.first)
  }

  get first (): T | undefined {
    if (this.#next?.line !== this.#line || this.#next.place !== this.#place) {
      this.#expect(this.#firstUnseen())
    }

    return this.#next
  }

  get place (): number {
    return this.first?.place ?? Infinity
  }

  next (): T {
    const one = this.first

    if (one == null) {
      throw new Error('the line has ended')
    }

    this.#seen = one.place
    this.#expect(one.behind)

    return one
  }

  #expect (one: T | undefined): void {
    this.#next = one
    this.#place = one?.place ?? 0
  }

  /** The first element that was not visited. Searched from the end, where elements join. */
  #firstUnseen (): T | undefined {
    let unseen: T | undefined

    for (let one = this.#line.last; one != null && one.place > this.#seen; one = one.ahead) {
      unseen = one
    }

    return unseen
  }
}

/** Walks along a line whose elements also stand in others, so that a Map has their places; it may change meanwhile. */
export function walkPlaces <T> (places: Map<T, number>): Walk<T> {
  const iterator = places.entries()
  let current: [T, number] | undefined

  function peek (): [T, number] | undefined {
    // the element that was read before may have left meanwhile
    if (current == null || places.get(current[0]) !== current[1]) {
      const { done, value } = iterator.next()
      current = done === true ? undefined : value
    }

    return current
  }

  return {
    get first () { return peek()?.[0] },
    get place () { return peek()?.[1] ?? Infinity },
    next () {
      const [one] = peek() ?? []

      if (one == null) {
        throw new Error('the line has ended')
      }

      current = undefined

      return one
    }
  }
}
