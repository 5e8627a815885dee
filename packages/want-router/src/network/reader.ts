import { decodeMessage, frameDecoder } from '@kitsune/bitswap-codec'
import { UnfinishedMessageError } from './errors.ts'
import type { NetworkLimits } from './defaults.ts'
import type { NetworkStats } from './stats.ts'
import type { Watch, Watched } from './watch.ts'
import type { BitswapMessage, BitswapProtocol } from '@kitsune/bitswap-codec'
import type { Logger, Stream, StreamMessageEvent } from '@libp2p/interface'

/** Reads one inbound stream. */
export interface Reader extends Watched {
  /** Bytes of a message that has not come to its end. */
  readonly unfinishedBytes: number
  /** Bytes that wait behind a message that is being handled, here and in libp2p. */
  readonly waitingBytes: number
  /** A message is being handled. */
  readonly holding: boolean
  /** Nothing more is read. */
  readonly over: boolean
  /** Ends reading and resets the stream; nothing is reported any more. */
  abort (error: Error): void
}

/** What the readers of one peer share. */
export interface ReaderOwner {
  readonly limits: NetworkLimits
  readonly stats: NetworkStats
  readonly watch: Watch
  readonly log: Logger
  now (): number
  /** A returned promise holds this stream until it settles. Throwing resets this stream. False: nothing took it. */
  message (message: BitswapMessage, protocol: BitswapProtocol): Promise<void> | false | undefined
  /** Some reader's `unfinishedBytes` have changed by so much. */
  unfinished (delta: number): void
  /** Some reader has begun to hold its stream. */
  holds (): void
  /** The stream was read to its end, or reset. Called once for each reader. */
  ended (reader: Reader): void
}

/**
 * Attaches its listeners before it returns. That matters: a stream may have data
 * buffered and its remote end closed by the time a handler is called, and what a
 * listener was not there for is not told again.
 *
 * `flowControlled`: whether pausing the stream stops the peer. It does with
 * yamux; mplex cannot.
 */
export function createReader (stream: Stream, flowControlled: boolean, owner: ReaderOwner): Reader {
  const { limits, stats, log } = owner
  const protocol = stream.protocol as BitswapProtocol
  const decoder = frameDecoder({ maxFrameLength: limits.maxFrameLength })
  // complete messages behind one that is being handled, from `next` on
  let queue: Uint8Array[] = []
  let next = 0
  let queued = 0
  let unfinished = 0
  let handling = false
  let resuming = false
  // the peer has closed its half itself: nothing was cut off
  let endedByPeer = false
  let over = false
  let lastData = owner.now()

  function account (bytes: number): void {
    if (bytes !== unfinished) {
      const delta = bytes - unfinished
      unfinished = bytes
      owner.unfinished(delta)
    }
  }

  function finish (): void {
    if (over) {
      return
    }

    over = true
    stats.framesDropped += queue.length - next
    queue = []
    next = 0
    queued = 0
    owner.watch.remove(self)
    account(0)
    owner.ended(self)
  }

  function fail (error: Error): void {
    if (!over) {
      finish()
      stream.abort(error)
    }
  }

  /** Handles what is queued, up to the first message that has to be waited for. */
  function handle (): void {
    while (next < queue.length) {
      const frame = queue[next++]
      queued -= frame.length
      stats.framesIn++
      stats.bytesIn += frame.length

      if (frame.length === 0) {
        continue
      }

      let message: BitswapMessage

      try {
        message = decodeMessage(frame)
      } catch (err) {
        stats.badFrames++
        throw err
      }

      const promise = owner.message(message, protocol)

      if (promise === false) {
        stats.framesDropped++
        continue
      }

      if (over) {
        // the handler has disconnected this peer
        promise?.catch(() => {})
        return
      }

      if (promise != null) {
        hold(promise)
        return
      }
    }

    queue = []
    next = 0
  }

  function hold (promise: Promise<void>): void {
    handling = true
    owner.holds()
    pause()

    promise.then(() => {
      handling = false

      if (!over) {
        proceed()
      }
    }, (err: Error) => {
      handling = false
      log('a message could not be handled - %e', err)
      fail(err)
    })
  }

  function pause (): void {
    if (!resuming && stream.readStatus === 'readable') {
      stream.pause()
    }
  }

  /**
   * libp2p hands over what it has buffered first, and opens the window of the
   * muxer after that: pausing in between would be undone, and the peer would
   * never be stopped again. So that is made up for afterwards.
   */
  function resume (): void {
    if (stream.readStatus !== 'paused') {
      return
    }

    resuming = true

    try {
      stream.resume()
    } finally {
      resuming = false
    }

    if (handling && !over) {
      pause()
    }
  }

  function proceed (): void {
    attempt(handle)

    finishAtEnd()

    if (over || handling) {
      return
    }

    lastData = owner.now()
    attempt(resume)
    finishAtEnd()
  }

  function attempt (run: () => void): void {
    try {
      run()
    } catch (err) {
      log('a stream is reset for what came on it - %e', err)
      fail(err as Error)
    } finally {
      if (!over) {
        account(decoder.pending)
      }
    }
  }

  function onMessage (evt: StreamMessageEvent): void {
    if (over) {
      // libp2p hands over nothing after the end: if it ever does, that shows
      stats.framesDropped++
      return
    }

    lastData = owner.now()

    attempt(() => {
      const frames: Uint8Array[] = []

      try {
        decoder.push(evt.data, frames)
      } catch (err) {
        stats.badFrames++
        stats.framesDropped += frames.length
        throw err
      }

      if (frames.length > 0) {
        for (const frame of frames) {
          queued += frame.length
        }

        queue = queue.length === 0 ? frames : queue.concat(frames)

        if (!handling) {
          handle()
        }
      }
    })

    if (!over && decoder.pending > 0) {
      owner.watch.add(self)
    }

    finishAtEnd()
  }

  /** Peers run out of streams if we leave our half of theirs open. */
  function onRemoteCloseWrite (): void {
    endedByPeer = stream.status === 'open'

    if (stream.writeStatus === 'writable') {
      stream.close().catch((err: Error) => {
        stream.abort(err)
      })
    }
  }

  /**
   * Finishes once everything has been read and handled. A stream that libp2p
   * calls ended may still have data: what negotiating the protocol read too much
   * of is put back into its buffer, which is delivered after the end, and no
   * second 'end' follows.
   */
  function finishAtEnd (): void {
    if (over || handling || !stream.readableEnded || stream.readBufferLength > 0) {
      return
    }

    if (decoder.pending > 0 && endedByPeer) {
      // in the middle of a message
      stats.badFrames++
    }

    finish()
  }

  /** It may have ended with the very frame of the muxer whose data libp2p hands over next. */
  function onEnd (): void {
    queueMicrotask(finishAtEnd)
  }

  const self: Reader = {
    get unfinishedBytes () {
      return unfinished
    },

    get waitingBytes () {
      return handling && !over ? queued + stream.readBufferLength : 0
    },

    get holding () {
      return handling && !over
    },

    get over () {
      return over
    },

    abort: fail,

    tick (now) {
      if (over) {
        return false
      }

      if (!handling && unfinished > 0 && now - lastData >= limits.unfinishedTimeout) {
        stats.badFrames++
        fail(new UnfinishedMessageError(`${unfinished} bytes of a message came, and nothing for ${limits.unfinishedTimeout} ms`))
      }

      return !over && unfinished > 0
    }
  }

  if (flowControlled) {
    // the window of the muxer is the bound, and it must fit
    stream.maxReadBufferLength = Math.max(stream.maxReadBufferLength, limits.pausedStreamBytes)
  }

  stream.addEventListener('message', onMessage)
  stream.addEventListener('remoteCloseWrite', onRemoteCloseWrite)
  stream.addEventListener('end', onEnd)
  stream.addEventListener('close', onEnd)

  if (stream.remoteWriteStatus === 'closed') {
    onRemoteCloseWrite()
  }

  finishAtEnd()

  return self
}
