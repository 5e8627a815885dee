/** Says in an error message what was given in place of something else. */
export function describe (given: unknown): string {
  if (given == null) {
    return `${given}`
  }

  switch (typeof given) {
    case 'string':
      return `the string "${given}"`
    case 'function':
      return 'a function'
    case 'object':
      return isThenable(given) ? 'a promise: await it' : 'another object'
    default:
      return `the ${typeof given} ${String(given)}`
  }
}

function isThenable (given: object): boolean {
  return 'then' in given && typeof given.then === 'function'
}
