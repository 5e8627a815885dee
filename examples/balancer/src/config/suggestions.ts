import { closestMatch } from 'leven'

/**
 * The known name that the user probably meant, or undefined. One letter in three may be wrong; case is ignored.
 */
export function closest (text: string, known: readonly string[]): string | undefined {
  const match = closestMatch(text.toLowerCase(), known.map(name => name.toLowerCase()), { maxDistance: Math.floor(text.length / 3) })

  return match == null ? undefined : known.find(name => name.toLowerCase() === match)
}

/** `; did you mean x?`, or an empty text if no known name is close. */
export function didYouMean (text: string, known: readonly string[]): string {
  const name = closest(text, known)

  return name == null ? '' : `; did you mean ${name}?`
}
