/** An invalid command line. */
export class UsageError extends Error {
  static name = 'UsageError'
  name = 'UsageError'
}

/** A peer or a process under test could not be started. */
export class StartError extends Error {
  static name = 'StartError'
  name = 'StartError'
}

/** kubo's RPC answered with an error, or not as documented. */
export class RpcError extends Error {
  static name = 'RpcError'
  name = 'RpcError'
}

/** Something that a test waits for did not happen in time. */
export class WaitError extends Error {
  static name = 'WaitError'
  name = 'WaitError'
}

/** A real peer that a test needs is not installed, and missing peers count as failures. */
export class MissingPeerError extends Error {
  static name = 'MissingPeerError'
  name = 'MissingPeerError'
}
