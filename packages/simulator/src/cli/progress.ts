/** Reports how far a run is. */
export interface Progress {
  begin (name: string, ofAll: string): void
  advance (done: number): void
  end (message: string): void
}

/** On a terminal one line that is overwritten, elsewhere one line for each run. */
export function createProgress (stream: NodeJS.WriteStream): Progress {
  let title = ''

  return {
    begin (name, ofAll) {
      title = `${ofAll} ${name}`

      if (stream.isTTY) {
        stream.write(`${title} 0%`)
      }
    },

    advance (done) {
      if (stream.isTTY) {
        stream.write(`\r${title} ${Math.floor(done * 100)}%`)
      }
    },

    end (message) {
      stream.write(`${stream.isTTY ? '\r' : ''}${title} ${message}${stream.isTTY ? '\u001b[K' : ''}\n`)
    }
  }
}
