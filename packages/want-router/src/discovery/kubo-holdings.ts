import { wantKey } from '@kitsune/bitswap-codec'
import { base32 } from 'multiformats/bases/base32'
import { KuboRpcError } from '../errors.ts'
import { parseCid } from '../parse-cid.ts'
import type { HoldingsOptions } from '../targets/target.ts'
import type { WantKey } from '@kitsune/bitswap-codec'
import type { KuboRpc } from '@kitsune/kubo-rpc'

/** Lines that are read without a pause: about a millisecond. */
const PIECE = 256

/** No line of a list is that long, characters. */
const MAX_LINE = 65_536

/**
 * What a kubo holds: `POST /api/v0/refs/local` lists all its blocks, and `POST /api/v0/pin/ls` what is below its pins, which it
 * reads to the last link to find out. Both are lines of JSON.
 *
 * @throws {KuboRpcError} it does not answer so, or its list ends with an error
 */
export async function * kuboHoldings (rpc: KuboRpc, { pinned, signal }: HoldingsOptions): AsyncGenerator<Iterable<WantKey>> {
  const response = pinned
    ? await rpc.call('pin/ls', { type: 'all', stream: 'true' }, { signal })
    : await rpc.call('refs/local', {}, { signal })

  if (response.status !== 200) {
    await response.body?.cancel()
    throw new KuboRpcError(`${rpc.name} cannot list its blocks: it answered ${response.status}`)
  }

  const decoder = new TextDecoder()
  let rest = ''

  for await (const chunk of bodyOf(rpc.name, response, signal)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''

    if (rest.length > MAX_LINE) {
      throw new KuboRpcError(`${rpc.name} does not list its blocks as kubo does: a line is longer than ${MAX_LINE} characters`)
    }

    for (let i = 0; i < lines.length; i += PIECE) {
      yield keysOf(rpc.name, lines.slice(i, i + PIECE))
    }
  }

  yield keysOf(rpc.name, [rest])
}

/** @throws {KuboRpcError} the connection breaks; the signal's reason, if it aborts */
async function * bodyOf (name: string, { body }: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield * body ?? []
  } catch {
    signal.throwIfAborted()
    throw new KuboRpcError(`${name} broke off its list of blocks`)
  }
}

/** Lazily, so that the caller that iterates sees what each step costs. */
function * keysOf (name: string, lines: readonly string[]): Generator<WantKey> {
  for (const line of lines) {
    if (line !== '') {
      yield keyOf(name, line)
    }
  }
}

function keyOf (name: string, line: string): WantKey {
  const { Ref, Cid, Err } = parse(line)

  if (typeof Err === 'string' && Err !== '') {
    throw new KuboRpcError(`${name} cannot list all its blocks: ${Err}`)
  }

  const cid = cidBytes(String(Ref ?? Cid))
  const key = cid == null ? undefined : wantKey(cid)

  if (key == null) {
    throw new KuboRpcError(`${name} does not list its blocks as kubo does: a line has no CID`)
  }

  return key
}

/** There are millions, nearly all in base32: without objects, which cost several times as much. */
function cidBytes (text: string): Uint8Array | undefined {
  try {
    return text.startsWith(base32.prefix) ? base32.decode(text) : parseCid(text)?.bytes
  } catch {
    // undefined
  }
}

function parse (line: string): Partial<Record<'Ref' | 'Cid' | 'Err', unknown>> {
  try {
    return JSON.parse(line)
  } catch {
    return {}
  }
}
