/**
 * Tools for tests of hosts whose peers break the rules of yamux.
 */
export { unmuxed } from './unmuxed.ts'
export { repeated, yamuxFrame } from './raw-frames.ts'
export { DATA, GO_AWAY, PING, RST, SYN, WINDOW_UPDATE } from '../yamux-frames.ts'
