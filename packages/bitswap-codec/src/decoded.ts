import type { MessageBlock, Presence, WantEntry } from './message.ts'

/**
 * The parts of messages. They are classes only because of V8: it counts for each object literal
 * how many of the literal's objects survive a collection, and all of them survive when a
 * collection happens in the middle of a large message. From then on V8 allocates the literal's
 * objects in the old generation, which makes decoding half as fast and leaves the garbage to the
 * slow collector (as --trace-pretenuring-statistics shows). It does not count objects that
 * constructors create.
 */

/** An entry of a wantlist that was received. */
export class DecodedWant implements WantEntry {
  cid: Uint8Array
  priority: number
  cancel: boolean
  wantType: 'block' | 'have'
  sendDontHave: boolean

  constructor (cid: Uint8Array, priority: number, cancel: boolean, wantType: 'block' | 'have', sendDontHave: boolean) {
    this.cid = cid
    this.priority = priority
    this.cancel = cancel
    this.wantType = wantType
    this.sendDontHave = sendDontHave
  }
}

/** A block that was received. */
export class DecodedBlock implements MessageBlock {
  prefix: Uint8Array
  data: Uint8Array

  constructor (prefix: Uint8Array, data: Uint8Array) {
    this.prefix = prefix
    this.data = data
  }
}

/** A HAVE or DONT_HAVE that was received. */
export class DecodedPresence implements Presence {
  cid: Uint8Array
  have: boolean

  constructor (cid: Uint8Array, have: boolean) {
    this.cid = cid
    this.have = have
  }
}
