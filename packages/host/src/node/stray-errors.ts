import { ConnectionClosedError, ConnectionClosingError, MuxerClosedError, StreamAbortedError, StreamResetError, StreamStateError } from '@libp2p/interface'

/** The errors of libp2p which say that a stream or a connection has ended. */
const ENDED: ReadonlySet<string> = new Set([
  ConnectionClosedError, ConnectionClosingError, MuxerClosedError, StreamAbortedError, StreamResetError, StreamStateError
].map(({ name }) => name))

/**
 * Keeps errors of single peers from ending the process of a server. A rejection that nothing handles, and an exception which
 * says that a stream or a connection has ended, are only reported: libp2p sends much from listeners of events, where
 * nothing can catch the exception of a peer that has just gone. All other exceptions end the process, as they do
 * otherwise. Call it once, in a program.
 *
 * @param report - is called with each such error, as text with its stack
 */
export function reportStrayErrors (report: (stack: string) => void): void {
  const stray = (error: unknown): void => { report(error instanceof Error ? error.stack ?? error.message : String(error)) }

  process.on('unhandledRejection', stray)

  process.on('uncaughtException', (err, origin) => {
    if (ENDED.has(err.name)) {
      stray(err)
    } else {
      process.stderr.write(`${origin}: ${err.stack}\n`)
      process.exit(1)
    }
  })
}
