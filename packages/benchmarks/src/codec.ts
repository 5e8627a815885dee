import { randomBytes } from 'node:crypto'
import { cidPrefix, decodeCid, decodeMessage, encodeFrame, wantKey } from '@kitsune/bitswap-codec'
import { seededCids } from './blocks.ts'
import { BitswapMessage, WantType } from './protons/message.ts'
import { table } from './table.ts'
import { timings } from './timing.ts'

/** How long one task takes with code that protons generates, and with this repository's codec. */
export interface CodecFigure {
  task: string
  /** Microseconds a message. */
  protons: number
  kitsune: number
  /** How many times as fast. */
  factor: number
}

/** The figures of all tasks. */
export interface CodecFigures {
  figures: CodecFigure[]
  /** Microseconds for values that are made from raw CIDs only when needed, for all entries of a wantlist. */
  lazy: { entries: number, wantKeys: number, cids: number }
}

const ENTRIES = 1_000
const BLOCK = 1 << 20

/** This package's codec against the code that protons generates from the same .proto file, in one process and one run. */
export function codecFigures (init: { quick?: boolean } = {}): CodecFigures {
  const options = init.quick === true ? { samples: 5, sampleTime: 50 } : {}
  const cids = [...seededCids(ENTRIES)].map(cid => cid.bytes)

  const wantlist = BitswapMessage.encode({
    wantlist: {
      entries: cids.map((cid, i) => ({ cid, priority: 0x7fffffff - i, cancel: false, wantType: WantType.Block, sendDontHave: true })),
      full: false
    }
  })
  const { wants } = decodeMessage(wantlist)
  const entries = wants.map(want => ({ ...want, cid: Uint8Array.from(want.cid), wantType: WantType.Block }))
  const data = new Uint8Array(randomBytes(BLOCK))
  const prefix = Uint8Array.from(cidPrefix(cids[0]))

  if (wants.length !== ENTRIES || BitswapMessage.decode(wantlist).wantlist?.entries.length !== ENTRIES) {
    throw new Error('the wantlist was not decoded in full: its figures would mean nothing')
  }

  // group by group, so that the garbage of one does not slow the others
  const decode = timings({
    protons: () => BitswapMessage.decode(wantlist),
    kitsune: () => decodeMessage(wantlist)
  }, options)
  const encodeWants = timings({
    protons: () => BitswapMessage.encode({ wantlist: { entries, full: false } }),
    kitsune: () => encodeFrame({ wants }, '/ipfs/bitswap/1.2.0')
  }, options)
  const encodeBlock = timings({
    protons: () => BitswapMessage.encode({ wantlist: { entries: [], full: false }, payload: [{ prefix, data }] }),
    kitsune: () => encodeFrame({ blocks: [{ prefix, data }] }, '/ipfs/bitswap/1.2.0')
  }, options)
  const lazy = timings({
    wantKeys: () => wants.map(want => wantKey(want.cid)),
    cids: () => wants.map(want => decodeCid(want.cid))
  }, options)

  const figure = (task: string, { protons, kitsune }: Record<'protons' | 'kitsune', number>): CodecFigure => ({ task, protons, kitsune, factor: protons / kitsune })

  return {
    figures: [
      figure(`decode a wantlist of ${ENTRIES} entries, to raw CIDs`, decode),
      figure(`encode a wantlist of ${ENTRIES} entries`, encodeWants),
      figure('encode a block of 1 MiB', encodeBlock)
    ],
    lazy: { entries: ENTRIES, ...lazy }
  }
}

/** The figures as a table of text. */
export function printCodec ({ figures, lazy }: CodecFigures): string {
  return [
    ...table(['codec, µs a message', 'protons', 'bitswap-codec', 'times as fast'], figures.map(({ task, protons, kitsune, factor }) => [
      task,
      protons.toFixed(1),
      kitsune.toFixed(kitsune < 10 ? 2 : 1),
      factor.toFixed(1)
    ])),
    '',
    `Made only when needed, for ${lazy.entries} entries: want keys ${lazy.wantKeys.toFixed(1)} µs, CIDs ${lazy.cids.toFixed(1)} µs.`
  ].join('\n')
}
