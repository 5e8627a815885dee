/**
 * For tests of what a host does when its peers speak yamux badly.
 */
export { unmuxed } from './unmuxed.ts'
export { repeated, yamuxFrame } from './raw-frames.ts'
export { DATA, GO_AWAY, PING, RST, SYN, WINDOW_UPDATE } from '../yamux-frames.ts'
