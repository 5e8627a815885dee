import { oneLine } from './config/layers.ts'
import { StartError } from './errors.ts'

const REASONS: Record<string, string> = {
  EADDRINUSE: 'the port is taken, by another balancer or another program',
  EADDRNOTAVAIL: 'this machine has no such address',
  EACCES: 'the port needs privileges; ports from 1024 on do not'
}

/**
 * What libp2p, or the admin server, threw instead of listening, in one sentence an
 * address. libp2p has it as the text of a message only: each address with a stack
 * trace, and an advice about its own options.
 */
export function listenError (err: Error): StartError {
  const failed = [...err.message.matchAll(/^ {2}(\/\S+): (.*)$/gm)].map(([, address, why]) => `${address} (${address.endsWith('/ws') ? '-w' : '-l'}): ${reasonOf(why)}`)

  return new StartError(`cannot listen on ${failed.length === 0 ? `an address: ${oneLine(err)}` : failed.join('; ')}`)
}

/** A system error in words, by its code. */
export function reasonOf (why: string): string {
  const code = /\b(E[A-Z]{3,})\b/.exec(why)?.[1]

  return code == null || REASONS[code] == null ? why.replace(/^\w*Error: /, '') : `${REASONS[code]} (${code})`
}
