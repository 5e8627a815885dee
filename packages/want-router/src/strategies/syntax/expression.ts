/** A name, the expressions in its parentheses, and its label, as in `label=name(args)`. */
export interface Expression {
  label: string | undefined
  name: string
  args: Expression[]
}

/** Parses `name`, `name(expression, …)` and `label=…`; undefined if the parentheses do not match. */
export function parseExpression (text: string): Expression | undefined {
  const match = /^\s*(?:([^\s(),=]+)\s*=)?\s*([^\s(),=]*)\s*(?:\((.*)\))?\s*$/s.exec(text)

  if (match == null) {
    return undefined
  }

  const [, label, name, inside] = match
  const args: Expression[] = []

  for (const part of inside == null || inside.trim() === '' ? [] : splitArguments(inside)) {
    const arg = parseExpression(part)

    if (arg == null) {
      return undefined
    }

    args.push(arg)
  }

  return { label, name, args }
}

/** Splits at the commas that are not within parentheses. */
function splitArguments (text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0

  for (let i = 0; i < text.length; i++) {
    if (text[i] === '(') {
      depth++
    } else if (text[i] === ')') {
      depth--
    } else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }

  parts.push(text.slice(start))

  return parts
}
