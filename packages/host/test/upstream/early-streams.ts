import { multiaddrConnectionPair } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'

/*
 * @libp2p/utils 7: a muxer keeps 10 streams that a peer opens before libp2p listens for them, and at the next
 * one it ends, but not its connection. libp2p listens some microtasks after it has made the muxer, and the
 * streams of a peer over a long line come together with the end of its handshake.
 */
const [ours, theirs] = multiaddrConnectionPair()
const muxer = yamux()().createStreamMuxer(ours)
const peer = yamux()().createStreamMuxer(theirs)
const streams = await Promise.all(Array.from({ length: 11 }, async () => peer.createStream()))
await new Promise(resolve => setTimeout(resolve, 100))
const lost = streams.filter(({ status }) => status !== 'open').length
console.log(`of ${streams.length} streams that were opened early ${lost} were lost, the muxer is ${muxer.status}, its connection ${ours.status}`) // eslint-disable-line no-console
process.exit(lost === streams.length ? 0 : 1)
