import { CID } from 'multiformats/cid'
import type { BitswapProtocol } from '../../src/index.ts'
import type { BitswapMessage as Protons } from '../protons/message.ts'

/**
 * A message in the format of the vectors: bytes in hex, CIDs as text, without empty fields
 */
export interface MessageDescription {
  wants?: Array<{ cid: string, priority: number, cancel?: true, wantType: 'block' | 'have', sendDontHave?: true }>
  full?: true
  blocks?: Array<{ prefix: string, data: string }>
  presences?: Array<{ cid: string, have: boolean }>
  pendingBytes?: number

  /**
   * How many bad items are left out
   */
  skipped?: number
}

export interface Vector {
  name: string

  /**
   * The implementation that wrote it
   */
  origin: string
  protocol: BitswapProtocol

  /**
   * The body of the frame, without its length
   */
  hex: string

  /**
   * Its meaning
   */
  message?: MessageDescription

  /**
   * Or the name of the error that decoding it throws
   */
  error?: string
}

/**
 * Describes a message that protons has read
 */
export function describeMessage ({ wantlist, blocks, payload, blockPresences, pendingBytes }: Protons): MessageDescription {
  return compact({
    wants: (wantlist?.entries ?? []).map(({ cid, priority, cancel, wantType, sendDontHave }) => describeWant(cid, priority, cancel, wantType === 'Have' ? 'have' : 'block', sendDontHave)),
    full: wantlist?.full,
    blocks: [
      ...blocks.map(data => ({ prefix: '00701220', data: hex(data) })),
      ...payload.map(({ prefix, data }) => ({ prefix: hex(prefix), data: hex(data) }))
    ],
    presences: blockPresences.map(({ cid, type }) => ({ cid: CID.decode(cid).toString(), have: type === 'HaveBlock' })),
    pendingBytes
  })
}

export function describeWant (cid: Uint8Array, priority: number, cancel: boolean, wantType: 'block' | 'have', sendDontHave: boolean): NonNullable<MessageDescription['wants']>[0] {
  return { cid: CID.decode(cid as Uint8Array<ArrayBuffer>).toString(), priority, ...(cancel ? { cancel } : {}), wantType, ...(sendDontHave ? { sendDontHave } : {}) }
}

/**
 * Leaves out fields that are empty, `false` or 0
 */
export function compact (message: { [key in keyof MessageDescription]: MessageDescription[key] | false }): MessageDescription {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => Array.isArray(value) ? value.length > 0 : Boolean(value)))
}

export function hex (bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}
