/**
 * How many connections may wait to be accepted at a listener. If more do, the kernel drops
 * their SYNs, and the clients try again after 1, 3 and 7 s. Node's default of 511 is less than
 * a burst of clients after a restart. Linux allows 4,096 (`net.core.somaxconn`); if a lower
 * limit is set there, Linux applies that.
 */
export const ACCEPT_QUEUE = 4096
