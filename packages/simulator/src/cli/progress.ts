/** Says how far a run is. */
export interface Progress {
  begin (name: string, ofAll: string): void
  advance (done: number): void
  end (said: string): void
}

/** A line that is written over on a terminal; elsewhere one line a run. */
export function progress (stream: NodeJS.WriteStream): Progress {
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

    end (said) {
      stream.write(`${stream.isTTY ? '\r' : ''}${title} ${said}${stream.isTTY ? '\u001b[K' : ''}\n`)
    }
  }
}
