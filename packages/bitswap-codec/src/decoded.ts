import type { MessageBlock, Presence, WantEntry } from './message.ts'

/**
 * What messages are made of, as classes only because of V8: it counts for each object literal
 * how many of its objects survive a collection, and if one comes amid a large message, all do.
 * From then on it puts whatever the literal makes into the old generation, which makes decoding
 * half as fast and leaves the garbage to the slow collector (seen with
 * --trace-pretenuring-statistics). It does not count what constructors make.
 */

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

export class DecodedBlock implements MessageBlock {
  prefix: Uint8Array
  data: Uint8Array

  constructor (prefix: Uint8Array, data: Uint8Array) {
    this.prefix = prefix
    this.data = data
  }
}

export class DecodedPresence implements Presence {
  cid: Uint8Array
  have: boolean

  constructor (cid: Uint8Array, have: boolean) {
    this.cid = cid
    this.have = have
  }
}
