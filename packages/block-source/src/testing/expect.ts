import { LawBrokenError } from '@kitsune/bitswap-codec/testing'

/** The kits use no assertion library, so that they run under any runner, and in a Worker without one. */
export function expect (holds: boolean, otherwise: string): asserts holds {
  if (!holds) {
    throw new LawBrokenError(otherwise)
  }
}

/** Throws if the bytes differ, and says where they first do. */
export function expectBytes (what: string, actual: Uint8Array | undefined, expected: Uint8Array): void {
  expect(actual instanceof Uint8Array, `${what}: expected ${expected.byteLength} bytes, got ${String(actual)}`)
  expect(actual.byteLength === expected.byteLength, `${what}: expected ${expected.byteLength} bytes, got ${actual.byteLength}`)
  const wrong = actual.findIndex((byte, i) => byte !== expected[i])
  expect(wrong === -1, `${what}: byte ${wrong} is ${actual[wrong]}, expected ${expected[wrong]}`)
}

/** Expects that the promise rejects with an error of that name; undefined: any error. */
export async function expectRejection (what: string, promise: Promise<unknown>, name: string | undefined): Promise<Error> {
  const result = await settle(promise)

  if (!('err' in result)) {
    throw new LawBrokenError(`${what}: expected ${name ?? 'an error'}, got ${describe(result.value)}`)
  }

  const { err } = result
  expect(err instanceof Error, `${what}: the thrown value is not an Error: ${String(err)}`)
  expect(name == null || err.name === name, `${what}: expected ${name}, got ${err.name}: ${err.message}`)

  return err
}

/** What has not settled after this, ms, is taken to wait forever: on a machine with too much to do anything takes seconds. */
export const FOREVER = 10_000

/** Expects that a promise that was aborted with `reason` rejects with it, and does not wait. */
export async function expectAborted (what: string, promise: Promise<unknown>, reason: unknown, ms = FOREVER): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<'timeout'>(resolve => { timer = setTimeout(resolve, ms, 'timeout') })
  const result = await Promise.race([settle(promise), timeout])
  clearTimeout(timer)

  expect(result !== 'timeout', `${what}: was not settled ${ms} ms after it was aborted`)
  expect('err' in result, `${what}: was aborted, but resolved`)
  expect(result.err === reason, `${what}: was aborted, but rejected with another reason: ${String(result.err)}`)
}

async function settle (promise: Promise<unknown>): Promise<{ value: unknown } | { err: unknown }> {
  try {
    return { value: await promise }
  } catch (err) {
    return { err }
  }
}

function describe (value: unknown): string {
  return value === undefined ? 'undefined' : JSON.stringify(value, (_, part) => part instanceof Uint8Array ? `${part.byteLength} bytes` : part) ?? String(value)
}
