/** A line of what was asked for. */
export function print (text: string): void {
  process.stdout.write(`${text}\n`)
}

/** A line of what is going on, which must not end up in a file of results. */
export function progress (text: string): void {
  process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${text}\n`)
}
