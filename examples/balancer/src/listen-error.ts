import { oneLine } from './config/layers.ts'
import { StartError } from './errors.ts'

const REASONS: Record<string, string> = {
  EADDRINUSE: 'another balancer or another program uses the port',
  EADDRNOTAVAIL: 'this machine does not have the address',
  EACCES: 'the port needs privileges; ports from 1024 on do not'
}

/**
 * Turns an error of libp2p, which could not listen, into one sentence for each
 * address. libp2p only states the addresses in the text of its message, each with a
 * stack trace and advice about libp2p's own options.
 */
export function createListenError (err: Error): StartError {
  const failed = [...err.message.matchAll(/^ {2}(\/\S+): (.*)$/gm)].map(([, address, why]) => `${address} (${address.endsWith('/ws') ? '-w' : '-l'}): ${reasonOf(why)}`)

  return new StartError(`cannot listen on ${failed.length === 0 ? `an address: ${oneLine(err)}` : failed.join('; ')}`)
}

/** Describes a system error in words, by its code. */
export function reasonOf (why: string): string {
  const code = /\b(E[A-Z]{3,})\b/.exec(why)?.[1]

  return code == null || REASONS[code] == null ? why.replace(/^\w*Error: /, '') : `${REASONS[code]} (${code})`
}
