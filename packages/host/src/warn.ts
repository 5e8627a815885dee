/** Takes a sentence for operators. */
export type Warn = (message: string) => void

/**
 * The versions of packages whose internal fields this package uses. package.json pins all of
 * them except `ws`, which `@libp2p/websockets` brings along.
 */
export const TESTED_VERSIONS = {
  libp2p: '3.3.11',
  '@libp2p/mplex': '12.0.32',
  '@libp2p/noise': '17.0.3',
  '@libp2p/tcp': '11.0.28',
  '@libp2p/websockets': '10.1.21',
  '@libp2p/yamux': '8.0.3',
  ws: '8.23.0'
} as const

/** Reports that an internal field of a package is missing, and what this costs the host. */
export type WarnMissing = (name: keyof typeof TESTED_VERSIONS, what: string, effect: string) => void

/**
 * Creates the function that reports missing internal fields of libp2p. It reports each of them once, since it may be missing in every connection.
 *
 * @param warn - default: `console.warn`
 */
// eslint-disable-next-line no-console
export function createWarnMissing (warn: Warn = message => { console.warn(message) }): WarnMissing {
  const reported = new Set<string>()

  return (name, what, effect) => {
    const message = `${name}: ${what} is missing, so ${effect}; @kitsune/host knows ${name} ${TESTED_VERSIONS[name]}`

    if (!reported.has(message)) {
      reported.add(message)
      warn(message)
    }
  }
}
