/**
 * How many connections may wait to be accepted at a listener. When more do, the
 * kernel drops what a connection begins with, and its client tries again after 1, 3
 * and 7 s; Node's own 511 are less than a burst of clients after a restart. Linux
 * allows 4,096 (`net.core.somaxconn`), and takes less than this where less is set.
 */
export const ACCEPT_QUEUE = 4096
