/**
 * Clients and attempts in line. Each stands in one line at most, so it is itself the link
 * to those before and behind it: to join and to leave costs the same in a line of ten
 * thousand, and nothing has to be looked up. (A Set in which all that leaves is at the
 * front is walked through its empty places whenever it is asked for the first.)
 */

/** What stands in lines. */
export interface InLine<T> {
  /** For {@link Line} alone, as all of these: where it stands, and between which two. */
  line: Line<T> | undefined
  ahead: T | undefined
  behind: T | undefined
}

/** What stands in lines by numbers, that of the first in line being the least. */
export interface Placed<T> extends InLine<T> {
  place: number
}

/** What stands in line, the first first. An iteration goes on where the one at hand leaves; no other may. */
export interface Line<T> extends Iterable<T> {
  readonly size: number
  readonly first: T | undefined
  readonly last: T | undefined
  /** To the end. It stands in no other line. */
  add (one: T): void
  /** False: it does not stand in this one. */
  delete (one: T): boolean
}

/** Goes along a line: each is looked at once, and one that goes to the end meanwhile is looked at again. */
export interface Walk<T> {
  /** The next to be looked at. */
  readonly first: T | undefined
  /** Its place; Infinity: the line has ended. */
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

  /** From the end, where what has joined since stands. */
  #firstUnseen (): T | undefined {
    let unseen: T | undefined

    for (let one = this.#line.last; one != null && one.place > this.#seen; one = one.ahead) {
      unseen = one
    }

    return unseen
  }
}

/** Walks along those that stand in many lines at once, and so have their places in a Map for each; it may change meanwhile. */
export function walkPlaces <T> (places: Map<T, number>): Walk<T> {
  const iterator = places.entries()
  let current: [T, number] | undefined

  function peek (): [T, number] | undefined {
    // the one that was looked at before may have left meanwhile
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
