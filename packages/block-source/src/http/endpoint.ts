import { createKuboRpc, InvalidEndpointError, parseEndpoint } from '@kitsune/kubo-rpc'
import { InvalidOptionError } from '../errors.ts'
import type { Endpoint, EndpointInit, KuboRpc } from '@kitsune/kubo-rpc'

/** @throws {InvalidOptionError} the address or a header is invalid; the message shows no credentials */
export function readEndpoint (init: EndpointInit): Endpoint {
  return asOption(() => parseEndpoint(init))
}

/** @throws {InvalidOptionError} the address or a header is invalid; the message shows no credentials */
export function connectKuboRpc ({ url, authorization, headers }: EndpointInit): KuboRpc {
  return asOption(() => createKuboRpc({ url, authorization, headers }))
}

function asOption <T> (read: () => T): T {
  try {
    return read()
  } catch (err) {
    throw err instanceof InvalidEndpointError ? new InvalidOptionError(err.message) : err
  }
}
