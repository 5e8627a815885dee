/** A want as a record: one entry of a client's wantlist. Its life is in `wants.ts`, its end in `want-ends.ts`. */
import { cidOf } from './cid-head.ts'
import type { AwaitedVerdict, Client, ClientWant, Eligible, Fetch } from './model.ts'
import type { Reply } from './replies.ts'
import type { State } from './state.ts'
import type { AskType } from '../strategies/strategy.ts'
import type { WantEntry, WantKey } from '@kitsune/bitswap-codec'

/** A class, because its CID is made when it is first read. */
class WantRecord implements ClientWant {
  readonly client: Client
  readonly key: WantKey
  readonly head: string
  #cid: Uint8Array | undefined = undefined
  type: AskType
  priority: number
  sendDontHave: boolean
  haveSent = false
  dontHaveSent = false
  presence: Reply | undefined = undefined
  askedAt: number
  blockAskedAt: number
  answeredAt: number | undefined = undefined
  expires: number
  connection: number | undefined
  fetch: Fetch
  only: Eligible | undefined = undefined
  awaits: AwaitedVerdict | undefined = undefined
  sibling: ClientWant | undefined = undefined
  nextWaiter: ClientWant | undefined = undefined
  previousWaiter: ClientWant | undefined = undefined

  constructor (client: Client, fetch: Fetch, head: string, { wantType, priority, sendDontHave }: WantEntry, connection: number | undefined, now: number, expires: number) {
    this.client = client
    this.key = fetch.key
    this.head = head
    this.type = wantType
    this.priority = priority
    this.sendDontHave = sendDontHave
    this.askedAt = now
    this.blockAskedAt = now
    this.expires = expires
    this.connection = connection
    this.fetch = fetch
  }

  get cid (): Uint8Array {
    this.#cid ??= cidOf(this.head, this.key)

    return this.#cid
  }
}

/** Makes the record of a want that will join that fetch. */
export function newWant (state: State, client: Client, fetch: Fetch, head: string, entry: WantEntry, connection: number | undefined): ClientWant {
  const now = state.now()

  return new WantRecord(client, fetch, head, entry, connection, now, now + state.limits.wantLifetime)
}
