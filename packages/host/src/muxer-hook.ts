import type { MessageStream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'

/** Makes a factory call `onMuxer` with each muxer that it creates, before anything is sent or received. Returns the factory. */
export function hookMuxers (factory: StreamMuxerFactory, onMuxer: (muxer: StreamMuxer, connection: MessageStream) => void): StreamMuxerFactory {
  const createStreamMuxer = factory.createStreamMuxer.bind(factory)

  factory.createStreamMuxer = connection => {
    const muxer = createStreamMuxer(connection)
    onMuxer(muxer, connection)

    return muxer
  }

  return factory
}
