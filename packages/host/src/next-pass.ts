/**
 * Calls `run` once the event loop has read from all sockets that were ready. In browsers a
 * timer comes closest to that. workerd's setImmediate must not be called as a method.
 */
export const nextPass: (run: () => void) => void = typeof setImmediate === 'function' ? run => { setImmediate(run) } : run => { setTimeout(run, 0) }
