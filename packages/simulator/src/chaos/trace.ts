import { wantKey } from '@kitsune/bitswap-codec'
import { printCid, printKey, receivedCid } from './scenario/blocks.ts'
import type { Outgoing, WantEntry } from '@kitsune/bitswap-codec'
import type { CancelledWant, TargetWant } from '@kitsune/want-router'
import type { Input, WantEnd } from '@kitsune/want-router/engine'

/** The events of a run, for people. */
export interface Trace {
  act (line: () => string): void
  input (input: Input): void
  asked (member: string, wants: readonly TargetWant[]): void
  cancelled (member: string, wants: readonly CancelledWant[]): void
  taken (peer: string, message: Outgoing | undefined): void
  ended (ends: readonly WantEnd[]): void
}

const nothing = (): void => {}

/** A trace that discards everything: a run that breaks an invariant is played again with a real trace. */
export const NO_TRACE: Trace = { act: nothing, input: nothing, asked: nothing, cancelled: nothing, taken: nothing, ended: nothing }

/** Hands each line to `say`, with its time, ms. */
export function createTrace (now: () => number, say: (line: string) => void): Trace {
  const line = (text: string): void => { say(`${now().toFixed(0).padStart(8)}  ${text}`) }

  return {
    act (text) { line(`* ${text()}`) },
    input (input) { line(`> ${printInput(input)}`) },
    asked (member, wants) { line(`< ask ${member} for ${wants.map(({ key, type }) => `${type} ${printKey(key)}`).join(', ')}`) },
    cancelled (member, wants) { line(`< cancel at ${member} ${wants.map(({ key }) => printKey(key)).join(', ')}`) },
    ended (ends) { line(`< ended: ${ends.map(({ client, cid, outcome }) => `${client} ${printCid(cid)} ${outcome}`).join(', ')}`) },
    taken (peer, message) {
      if (message != null) {
        const { blocks = [], presences = [] } = message
        line(`< to ${peer}: ${[
          ...presences.map(({ cid, have }) => `${have ? 'HAVE' : 'DONT_HAVE'} ${printCid(cid)}`),
          ...blocks.map(({ prefix, data }) => `block ${printCid(receivedCid(prefix, data))} (${data.byteLength})`)
        ].join(', ')}`)
      }
    }
  }
}

function printInput (input: Input): string {
  switch (input.t) {
    case 'message':
      return `${input.client} sends ${input.full ? 'a full list' : 'a message'} on ${input.connection}: ${input.wants.map(printEntry).join(', ')}`
    case 'connection':
      return `connection ${input.connection} of ${input.client} is ${input.is}`
    case 'stands-for':
      return `${input.client} stands for ${input.of}`
    case 'gone':
      return `${input.client} is gone`
    case 'add':
      return `${input.member} joins, weight ${input.weight} ${JSON.stringify(input.labels)}`
    case 'remove':
      return `${input.member} is removed`
    case 'update':
      return `${input.member} changes: ${JSON.stringify(input)}`
    case 'up':
      return `${input.member} is up ${input.peer ?? ''} ${input.capacity == null ? '' : JSON.stringify(input.capacity)}`
    case 'down':
      return `${input.member} is down`
    case 'block':
      return `${input.member} sends block ${input.key === '' ? 'of wrong bytes' : printKey(input.key)} (${input.bytes.byteLength})`
    case 'answer':
      return `${input.member} says ${input.answer} ${printKey(input.key)}`
    case 'verdicts':
      return `verdicts for ${input.client}: ${input.verdicts.map(({ number, cid, verdict }) => `${number} ${printCid(cid)} ${JSON.stringify(verdict)}`).join(', ')}`
    case 'load':
      return `${input.member} has ${input.pendingBytes} bytes queued`
    default:
      return input.t
  }
}

function printEntry ({ cid, cancel, wantType, priority, sendDontHave }: WantEntry): string {
  return cancel || wantKey(cid) == null
    ? `${cancel ? 'cancel ' : ''}${printCid(cid)}`
    : `${wantType} ${printCid(cid)} p${priority}${sendDontHave ? '' : ' silent'}`
}
