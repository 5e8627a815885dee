/** An address or a header of an RPC is invalid. The message shows no credentials. */
export class InvalidEndpointError extends Error {
  static name = 'InvalidEndpointError'
  name = 'InvalidEndpointError'
}

/** An RPC could not be reached, or its answer cannot be used. The message shows no credentials. */
export class KuboRpcError extends Error {
  static name = 'KuboRpcError'
  name = 'KuboRpcError'

  constructor (message = 'The RPC of the node gave no usable answer') {
    super(message)
  }
}
