import type { Dice } from '../scenario/dice.ts'

/** Whether a connection brings messages: `silent` ones are open and bring none, `lost` ones have closed. */
export type ConnectionState = 'heard' | 'silent' | 'lost'

// the states that a connection may change to
const NEXT: Readonly<Record<ConnectionState, readonly ConnectionState[]>> = { heard: ['silent', 'silent', 'lost'], silent: ['heard', 'heard', 'lost'], lost: [] }

/** The state of each of a client's connections; at least one is always heard. */
export class ClientConnections {
  readonly #say: (connection: number, is: ConnectionState) => void
  #states: ConnectionState[] = []

  constructor (say: (connection: number, is: ConnectionState) => void) {
    this.#say = say
  }

  /** Those that are heard. */
  get heard (): number[] {
    return this.#states.flatMap((state, i) => state === 'heard' ? [i] : [])
  }

  /** The client connects, with two connections. */
  begin (): void {
    this.#states = ['heard', 'heard']
  }

  /** Changes the state of one of them, or opens another. */
  change ({ int, pick }: Dice): void {
    const i = int(0, this.#states.length - 1)
    const next = NEXT[this.#states[i]]
    const others = this.heard.filter(other => other !== i).length

    if (next.length > 0 && (others > 0 || this.#states[i] === 'silent')) {
      this.#become(i, pick(next))
    } else {
      this.#states.push('heard')
    }
  }

  /** Has all silent connections heard again. */
  heal (): void {
    for (const [i, state] of this.#states.entries()) {
      if (state === 'silent') {
        this.#become(i, 'heard')
      }
    }
  }

  #become (connection: number, is: ConnectionState): void {
    this.#states[connection] = is
    this.#say(connection, is)
  }
}
