/** Prints a line of the results. */
export function print (text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Prints a line of progress to standard error, so that it is not in a file of results. */
export function progress (text: string): void {
  process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${text}\n`)
}
